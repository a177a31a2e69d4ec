import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { DeltaDiscoveryRequestSchema } from "../envoy/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { XdsServer } from "./server.ts";
import { decode, type Received, summary } from "./testing/fake-stream.ts";
import { cluster, endpoints, type Fixture, fixture, PROXY } from "./testing/fixture.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT } from "./type-url.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const identity = (bytes: Buffer): Buffer => bytes;

/** A gRPC client that plays Envoy. */
class RealStream {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #received: Received[] = [];
  readonly #waiting: ((response: Received) => void)[] = [];
  /** How the stream ended. */
  readonly ended: Promise<ServiceError>;

  constructor(target: string) {
    this.#client = new Client(target, credentials.createInsecure());
    this.#call = this.#client.makeBidiStreamRequest(METHOD, identity, identity);
    this.#call.on("data", (bytes: Buffer) => {
      const response = decode(bytes);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#received.push(response);
      else waiting(response);
    });
    this.ended = new Promise((resolve) => this.#call.on("error", (error: ServiceError) => resolve(error)));
  }

  request(
    typeUrl: string,
    fields: { readonly subscribe?: string[]; readonly nonce?: string; readonly proxy?: string },
  ): void {
    const message = create(DeltaDiscoveryRequestSchema, {
      typeUrl,
      resourceNamesSubscribe: fields.subscribe ?? [],
      responseNonce: fields.nonce ?? "",
      ...(fields.proxy !== undefined && { node: { id: "node-1", cluster: fields.proxy } }),
    });
    this.#call.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, message)));
  }

  write(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  next(): Promise<Received> {
    const received = this.#received.shift();
    return received === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(received);
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}

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
