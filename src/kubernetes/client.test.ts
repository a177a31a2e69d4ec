import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isReason } from "./api-error.ts";
import type { ApiResource } from "./api-object.ts";
import { events, lastEvents, ScriptedServer, status } from "./testing/scripted-server.ts";

const routes: ApiResource = {
  group: "gateway.networking.k8s.io",
  version: "v1",
  kind: "HTTPRoute",
  plural: "httproutes",
  namespaced: true,
};
const path = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes";
const cart = { namespace: "shop", name: "cart" };

function route(name: string, resourceVersion = "1") {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: "shop", name, resourceVersion },
  };
}

describe("KubernetesClient", () => {
  let server: ScriptedServer;
  before(async () => {
    server = await ScriptedServer.start();
  });
  after(() => server.close());

  test("get: an object, its metadata alone, nothing", async () => {
    const client = server.client();
    server.next(
      () => route("cart"),
      () => route("cart"),
      () => status(404, "NotFound"),
    );
    deepEqual(await client.get(routes, cart), route("cart"));
    await client.get(routes, cart, { metadataOnly: true });
    equal(server.asked.at(-1)?.path, `${path}/cart`);
    equal(server.asked.at(-1)?.headers.accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
    equal(await client.get(routes, cart), undefined);
    client.close();
  });

  test("list: page after page, with selectors", async () => {
    const client = server.client();
    server.next(
      () => ({ metadata: { resourceVersion: "7", continue: "next" }, items: [route("a")] }),
      () => ({ metadata: { resourceVersion: "7" }, items: [route("b")] }),
    );
    const names: string[] = [];
    for await (const page of client.list(routes, { namespace: "shop", labelSelector: "app in (a,b)", limit: 1 })) {
      equal(page.resourceVersion, "7");
      names.push(...page.items.map(({ metadata }) => metadata.name));
    }
    deepEqual(names, ["a", "b"]);
    deepEqual(server.asked.at(-1)?.query, { labelSelector: "app in (a,b)", limit: "1", continue: "next" });
    client.close();
  });

  test("watch: events that came together stay together; one that is cut off is none", async () => {
    const client = server.client();
    const first = { type: "ADDED", object: route("a", "8") };
    const second = { type: "DELETED", object: route("a", "9") };
    server.next((_, response) => {
      const text = JSON.stringify(second);
      response.write(`${JSON.stringify(first)}\n${JSON.stringify(first)}\n${text.slice(0, 20)}`, () => {
        response.write(`${text.slice(20)}\n{"type":"ADD`, () => response.destroy());
      });
    });
    const seen: unknown[] = [];
    await rejects(
      async () => {
        for await (const batch of client.watch(routes, { resourceVersion: "7" })) seen.push(...batch);
      },
      (error) => isReason(error, "Unreachable"),
    );
    deepEqual(seen, [first, first, second]);
    client.close();
  });

  test("watch: the server's error ends it; an abort ends it without one", async () => {
    const client = server.client();
    server.next(lastEvents({ type: "ADDED", object: route("a") }, { type: "ERROR", object: status(410, "Gone") }));
    const seen: unknown[] = [];
    await rejects(
      async () => {
        for await (const batch of client.watch(routes, { resourceVersion: "7" })) seen.push(...batch);
      },
      (error) => isReason(error, "Expired"),
    );
    equal(seen.length, 1);

    const stop = new AbortController();
    server.next(events({ type: "ADDED", object: route("a") }));
    for await (const batch of client.watch(routes, { resourceVersion: "7", signal: stop.signal })) {
      if (batch.length > 0) stop.abort();
    }
    client.close();
  });

  test("writes: the verb, the query and the body that each is", async () => {
    const client = server.client();
    const object = route("cart");
    server.next(...Array.from({ length: 5 }, () => () => object));
    await client.apply(routes, object, { fieldManager: "gatewright", force: true, subresource: "status" });
    await client.mergePatch(routes, cart, { spec: null });
    await client.create(routes, object);
    await client.replace(routes, object);
    equal(await client.delete(routes, cart, { uid: "u", propagationPolicy: "Background" }), true);
    const asked = server.asked.slice(-5).map(({ method, path: at, query, body, headers }) => ({
      what: `${method} ${at.replace(path, "…")} ${new URLSearchParams(query).toString()}`.trim(),
      type: headers["content-type"],
      body,
    }));
    deepEqual(asked, [
      {
        what: "PATCH …/cart/status fieldManager=gatewright&force=true",
        type: "application/apply-patch+yaml",
        body: object,
      },
      { what: "PATCH …/cart", type: "application/merge-patch+json", body: { spec: null } },
      { what: "POST …", type: "application/json", body: object },
      { what: "PUT …/cart", type: "application/json", body: object },
      {
        what: "DELETE …/cart",
        type: "application/json",
        body: { propagationPolicy: "Background", preconditions: { uid: "u" } },
      },
    ]);
    server.next(() => status(404, "NotFound"));
    equal(await client.delete(routes, cart), false);
    client.close();
  });

  test("errors: the server's reason, what was asked, when to come again; no server at all", async () => {
    const client = server.client();
    server.next(() => status(409, "Conflict"));
    await rejects(client.replace(routes, route("cart")), { reason: "Conflict", status: 409 });
    server.next(() => status(429, "TooManyRequests", { retryAfterSeconds: 3 }));
    await rejects(client.get(routes, cart), { retryAfterMs: 3000, message: `GET ${path}/cart: TooManyRequests!` });
    server.next((_, response) => {
      response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    });
    await rejects(client.get(routes, cart), { reason: "Unknown", status: 502 });
    client.close();

    const closed = await ScriptedServer.start();
    const nobody = closed.client();
    await closed.close();
    await rejects(nobody.get(routes, cart), (error) => {
      match(String(error), /can't be reached: connect ECONNREFUSED/);
      return isReason(error, "Unreachable");
    });
  });

  test("a refused credential is renewed once", async () => {
    let token = 1;
    const client = server.client(
      () => ({ headers: { authorization: `Bearer ${token}` } }),
      () => {
        token += 1;
      },
    );
    server.next(
      () => status(401, "Unauthorized"),
      () => route("cart"),
    );
    await client.get(routes, cart);
    deepEqual(
      server.asked.slice(-2).map(({ headers }) => headers.authorization),
      ["Bearer 1", "Bearer 2"],
    );
    server.next(
      () => status(401, "Unauthorized"),
      () => status(401, "Unauthorized"),
    );
    await rejects(client.get(routes, cart), { reason: "Unauthorized" });
    client.close();
  });
});
