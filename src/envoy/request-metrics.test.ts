import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { testHosts } from "./testing/hosts.ts";
import { forward, match, prefix, rule, to } from "./testing/ir.ts";

const hosts = testHosts();

/** `rule` and what else the labels say, with how many requests there were; without labels that are empty. */
async function counted(ruleName: string): Promise<ReadonlyMap<string, number>> {
  // One worker serves all: when it answers this one, it has counted those before.
  await elsewhere();
  const lines = (await hosts.proxy().metrics()).split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, labels = "", value] = /^envoy_route_requests_total\{(.*)\} (\d+)$/.exec(line) ?? [];
      if (value === undefined || !labels.includes(`rule="${ruleName}"`)) return [];
      const told = labels.split(",").filter((label) => !label.endsWith('=""') && !label.startsWith("rule="));
      return [[told.join(","), Number(value)] as const];
    }),
  );
}

const elsewhere = hosts.serve("elsewhere.test", [rule({ name: "elsewhere", action: forward([to("one")]) })]);

describe("requests are counted by", () => {
  const get = hosts.serve("counted.test", [
    rule({ name: "HTTPRoute/shop/cart/0", match: prefix("/cart"), action: forward([to("one")]) }),
    rule({ name: "HTTPRoute/shop/gone/0", match: prefix("/gone"), action: forward([to(undefined)]) }),
    rule({
      name: "HTTPRoute/shop/shared/0",
      gateway: "infra/edge",
      match: prefix("/shared"),
      action: forward([to("two")]),
    }),
  ]);

  test("rule, backend and status; a rule without requests has no series", async () => {
    deepEqual(await counted("HTTPRoute/shop/cart/0"), new Map());
    for (const status of ["200", "200", "503"]) await get({ path: "/cart/1", headers: { "x-answer": status } });
    deepEqual(
      await counted("HTTPRoute/shop/cart/0"),
      new Map([
        ['backend="one",response_code="200"', 2],
        ['backend="one",response_code="503"', 1],
      ]),
    );
  });

  test("rule alone, where there is no backend", async () => {
    await get({ path: "/gone" });
    deepEqual(await counted("HTTPRoute/shop/gone/0"), new Map([['response_code="500"', 1]]));
    await get({ path: "/no-rule" });
    deepEqual(await counted("404"), new Map([['response_code="404"', 1]]));
  });

  test("Gateway, where several share the proxy", async () => {
    await get({ path: "/shared" });
    deepEqual(
      await counted("HTTPRoute/shop/shared/0"),
      new Map([['gateway="infra/edge",backend="two",response_code="200"', 1]]),
    );
  });
});

describe("gRPC calls are counted by", () => {
  const grpc = match({ grpc: true });
  const call = hosts.serve("grpc.test", [
    rule({
      name: "GRPCRoute/shop/cart/0",
      match: { ...grpc, path: { type: "Exact", value: "/shop.Cart/Add" } },
      grpcMethod: { service: "shop.Cart", method: "Add" },
      action: forward([to("h2")]),
    }),
    rule({
      name: "GRPCRoute/shop/cart/1",
      match: { ...grpc, path: { type: "PathPrefix", value: "/shop.Cart" } },
      grpcMethod: { service: "shop.Cart" },
      action: forward([to("h2")]),
    }),
  ]);
  const headers = { "content-type": "application/grpc", te: "trailers" };
  const ask = (path: string, status: string) =>
    call({ protocol: "HTTP/2", method: "POST", path, headers: { ...headers, "x-grpc-status": status } });

  test("service, method and status", async () => {
    for (const status of ["0", "0", "14"]) await ask("/shop.Cart/Add", status);
    const labels = (status: string) =>
      `backend="h2",response_code="200",grpc_status="${status}",grpc_service="shop.Cart",grpc_method="Add"`;
    deepEqual(
      await counted("GRPCRoute/shop/cart/0"),
      new Map([
        [labels("OK"), 2],
        [labels("Unavailable"), 1],
      ]),
    );
  });

  test("the method that a route names, never by one that a client makes up", async () => {
    for (let number = 0; number < 20; number++) await ask(`/shop.Cart/Invented${number}`, "12");
    deepEqual(
      await counted("GRPCRoute/shop/cart/1"),
      new Map([['backend="h2",response_code="200",grpc_status="Unimplemented",grpc_service="shop.Cart"', 20]]),
    );
  });
});
