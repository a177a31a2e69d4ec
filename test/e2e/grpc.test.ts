import { deepEqual, equal, match } from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { grpcClient, grpcurl } from "./harness/grpc-client.ts";
import { needs } from "./harness/programs.ts";
import { assertSplit } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";
import { eventually } from "./harness/wait.ts";

const recommend = "recommendation.v1.RecommendationService/Recommend";

test("GRPCRoute", async (t) => {
  if (!needs(t, "grpcurl", "curl")) return;
  const { gateway, folder, authority, caFile } = await startExample(t, "seeds/grpc");
  const port = gateway.port(9090);

  for (const [method, args, expected] of [
    ["user.v1.UserService/GetUser", [], "user-service-reader"],
    ["user.v1.UserService/CreateUser", [], "user-service-writer"],
    ["user.v1.UserService/UpdateUser", [], "user-service-writer"],
    ["user.v1.UserService/DeleteUser", [], "user-service-writer"],
    [recommend, [], "recommendation-v1"],
    [recommend, ["-H", "x-experiment-group: treatment-a"], "recommendation-v2"],
    [recommend, ["-H", "x-experiment-group: treatment-b"], "recommendation-v1"],
    [recommend, ["-H", "x-client-version: 3.14"], "recommendation-v2"],
    [recommend, ["-H", "x-client-version: 13.14"], "recommendation-v1"],
  ] as const) {
    await t.test(`${args.join(" ")} ${method} → ${expected}`, async () => {
      const host = method.startsWith("user") ? "user.api.example.com" : "recommendation.api.example.com";
      const data = `{"user_id": "123"}`;
      const output = await grpcurl(port, method, { authority: host, args, data });
      equal(output.code, 0, output.stderr);
      deepEqual(
        output.answers().map(({ userId, server }) => [userId, server.service]),
        [["123", expected]],
      );
    });
  }

  await t.test("a filter adds metadata for writing methods only", async () => {
    const to = { authority: "user.api.example.com" };
    const written = await grpcurl(port, "user.v1.UserService/CreateUser", to);
    equal(written.answers()[0]?.server.headers["x-request-priority"], "high");
    const read = await grpcurl(port, "user.v1.UserService/GetUser", to);
    equal(read.answers()[0]?.server.headers["x-request-priority"], undefined);
  });

  await t.test("grpcurl over TLS", async () => {
    const options = { authority: "user.api.example.com", caFile };
    const output = await grpcurl(gateway.port(443), "user.v1.UserService/GetUser", options);
    equal(output.code, 0, output.stderr);
    equal(output.answers()[0]?.server.service, "user-service-reader");
  });

  await t.test("a stream of answers", async () => {
    const options = { authority: "user.api.example.com", data: `{"count": 5}` };
    const output = await grpcurl(port, "user.v1.UserService/ListUsers", options);
    deepEqual(
      output.answers().map(({ userId }) => userId),
      ["1", "2", "3", "4", "5"],
    );
  });

  await t.test("a conversation on one stream, over TLS", async () => {
    const client = grpcClient(gateway.port(443), "recommendation.api.example.com", authority.certificate);
    const answers = await client.converse("recommendation.v1.RecommendationService/Converse", ["a", "b", "c"], {
      "x-experiment-group": "treatment-a",
    });
    client.close();
    deepEqual(
      answers.map(({ userId, server }) => `${userId} ${server.service}`),
      ["a recommendation-v2", "b recommendation-v2", "c recommendation-v2"],
    );
  });

  await t.test("canary of 10 %", async (inner) => {
    const client = grpcClient(port, "order.api.example.com");
    await assertSplit(inner, { "order-service-stable": 0.9, "order-service-canary": 0.1 }, async () => {
      return (await client.call("order.v1.OrderService/PlaceOrder")).server.service;
    });
    client.close();
  });

  await t.test("the backend's status code arrives", async () => {
    const options = { authority: "order.api.example.com", args: ["-H", "x-demo-code: 7"] };
    const output = await grpcurl(port, "order.v1.OrderService/GetOrder", options);
    match(output.stderr, /Code: PermissionDenied/);
  });

  await t.test("a method that no rule matches is Unimplemented", async () => {
    const output = await grpcurl(port, "order.v1.OrderService/GetOrder", { authority: "user.api.example.com" });
    match(output.stderr, /Code: Unimplemented/);
  });

  await t.test("what is no gRPC gets no backend", async () => {
    const url = "http://user.api.example.com:9090/user.v1.UserService/GetUser";
    const response = await curl(url, port, "-X", "POST", "-H", "content-type: application/json", "-d", "{}");
    equal(response.headers["x-backend"], undefined);
    equal(response.status >= 400, true, String(response.status));
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "grpc-gateway", "infra", { "grpc-tls": 3, grpc: 3 });
    for (const name of ["user-grpc-route", "ab-test-route", "canary-route"])
      await assertRoute(gateway, "grpcroute", name, "app");
  });

  await t.test("without its ReferenceGrant the other namespace's backend is UNAVAILABLE", async () => {
    await rm(join(folder, "grant.yaml"));
    const conditions = await assertRoute(gateway, "grpcroute", "canary-route", "app", { ResolvedRefs: "False" });
    equal(conditions.find(({ type }) => type === "ResolvedRefs")?.reason, "RefNotPermitted");
    await eventually(async () => {
      const output = await grpcurl(port, "order.v1.OrderService/PlaceOrder", { authority: "order.api.example.com" });
      match(output.stderr, /Code: Unavailable/);
    });
  });
});
