import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { status } from "@grpc/grpc-js";
import { XdsServer } from "./server.ts";
import { summary } from "./testing/fake-stream.ts";
import { cluster, endpoints, type Fixture, fixture, PROXY } from "./testing/fixture.ts";
import { RealStream } from "./testing/real-stream.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT } from "./type-url.ts";

describe("the xDS server", () => {
  let made: Fixture;
  let server: XdsServer;
  let target: string;

  before(async () => {
    made = fixture([cluster("a"), endpoints("a")]);
    server = new XdsServer({ resources: made.resources });
    target = `127.0.0.1:${await server.listen({ host: "127.0.0.1", port: 0 })}`;
  });

  after(() => server.close());

  test("speaks delta ADS over gRPC", async () => {
    const stream = new RealStream(target);
    stream.request(CLUSTER, { proxy: PROXY });
    const clusters = await stream.next();
    equal(summary(clusters), "Cluster a");
    stream.request(CLUSTER, { nonce: clusters.nonce });
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    const assignment = await stream.next();
    equal(summary(assignment), "ClusterLoadAssignment a");
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { nonce: assignment.nonce });
    await server.delivery.whenSettled(PROXY);
    equal(server.delivery.isAcknowledged(`${PROXY}|${CLUSTER}|a`), true);
    made.apply({ set: [cluster("b")] });
    equal(summary(await stream.next()), "Cluster b");
    stream.close();
  });

  test("knows when an Envoy is gone", async () => {
    const stream = new RealStream(target);
    stream.request(CLUSTER, { proxy: PROXY });
    await stream.next();
    const gone = new Promise<void>((resolve) => {
      const end = server.delivery.subscribe(() => {
        if (server.delivery.status(PROXY).connected > 0) return;
        end();
        resolve();
      });
    });
    stream.close();
    await gone;
    deepEqual(server.delivery.snapshot(), []);
  });

  test("asks an Envoy that has been connected for long to connect anew", async (t) => {
    const impatient = new XdsServer({ resources: made.resources, connectionAgeMs: 200 });
    t.after(() => impatient.close());
    const port = await impatient.listen({ host: "127.0.0.1", port: 0 });
    for (let connection = 0; connection < 2; connection += 1) {
      const stream = new RealStream(`127.0.0.1:${port}`);
      stream.request(CLUSTER, { proxy: PROXY });
      match(summary(await stream.next()), /^Cluster a/);
      equal((await stream.ended).code, status.UNAVAILABLE);
      stream.close();
    }
  });

  test("refuses the Envoy of an unknown proxy, and one that does not say of which it is", async () => {
    for (const proxy of ["nobody", undefined]) {
      const stream = new RealStream(target);
      stream.request(CLUSTER, proxy === undefined ? {} : { proxy });
      const error = await stream.ended;
      equal(error.code, status.NOT_FOUND);
      match(error.details, proxy === undefined ? /no proxy ""/ : /no proxy "nobody"/);
      stream.close();
    }
  });

  test("refuses what is no request", async () => {
    const stream = new RealStream(target);
    stream.write(Buffer.from([0xff, 0xff, 0xff]));
    equal((await stream.ended).code, status.INVALID_ARGUMENT);
    stream.close();
  });

  test("an error of ours ends the stream that it happens on, and nothing else", async (t) => {
    const errors: string[] = [];
    const observer = {
      responseSent: ({ stream }: { readonly stream: number }) => {
        if (stream === 1) throw new Error("a mistake");
      },
    };
    const faulty = new XdsServer({
      resources: made.resources,
      observer,
      onError: ({ message }) => errors.push(message),
    });
    t.after(() => faulty.close());
    const port = await faulty.listen({ host: "127.0.0.1", port: 0 });
    const first = new RealStream(`127.0.0.1:${port}`);
    first.request(CLUSTER, { proxy: PROXY });
    first.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    equal((await first.ended).code, status.INTERNAL);
    deepEqual(errors, ["a mistake"]);
    deepEqual(faulty.delivery.snapshot(), []);
    const second = new RealStream(`127.0.0.1:${port}`);
    second.request(CLUSTER, { proxy: PROXY });
    match(summary(await second.next()), /^Cluster a/);
    for (const stream of [first, second]) stream.close();
  });

  test("on a Unix socket, replaces what a dead server left, and lets in nobody else", async () => {
    const directory = await mkdtemp(join(tmpdir(), "xds-"));
    const path = join(directory, "xds.sock");
    await writeFile(path, "left behind");
    const local = new XdsServer({ resources: made.resources });
    equal(await local.listen({ path }), 0);
    equal((await stat(path)).mode & 0o777, 0o600);
    const stream = new RealStream(`unix:${path}`);
    stream.request(CLUSTER, { proxy: PROXY });
    await stream.next();
    local.close();
    // The client may see the connection's end before the stream's status.
    ok([status.UNAVAILABLE, status.CANCELLED].includes((await stream.ended).code));
    stream.close();
    await rm(directory, { recursive: true });
  });
});
