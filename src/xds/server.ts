import { chmod, rm } from "node:fs/promises";
import type { PeerCertificate } from "node:tls";
import { Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { decodeRequest } from "./decode.ts";
import { Delivery, type DeliveryOptions } from "./delivery.ts";

/** A Unix socket, or a host and port (0: any free one). */
export type XdsAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface XdsServerOptions extends DeliveryOptions {
  /** Default: none, which is for a Unix socket in a private directory and for tests. */
  readonly credentials?: ServerCredentials;
  /**
   * Whether a client with this certificate may have the configuration of `proxy`. Default: anybody who may connect.
   */
  readonly mayFetch?: (certificate: PeerCertificate | undefined, proxy: string) => boolean;
  /**
   * How long an Envoy stays connected before it is asked to connect anew, in milliseconds, give or take a tenth. Where several servers
   * are behind one address, it so comes to one that was added. Default: for ever.
   */
  readonly connectionAgeMs?: number;
}

const SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService";

type Call = ServerDuplexStream<Buffer, Buffer>;

// Bytes pass through as they are: requests are decoded where they are read, responses are encoded by hand.
const identity = (bytes: Buffer): Buffer => bytes;

const definition = {
  deltaAggregatedResources: {
    path: `/${SERVICE}/DeltaAggregatedResources`,
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

/**
 * Envoy's aggregated discovery service in its delta variant: the one way in which configuration reaches Envoy.
 *
 * The name of the proxy is the node's cluster (`--service-cluster`). An Envoy of an unknown proxy is refused with NOT_FOUND,
 * and tries again by itself; one that asks for the configuration of another with PERMISSION_DENIED.
 *
 * @example
 * const server = new XdsServer({ resources });
 * await server.listen({ path: `${runtimeDirectory}/xds.sock` });
 * await server.delivery.whenSettled("edge");
 */
export class XdsServer {
  readonly delivery: Delivery;
  readonly #credentials: ServerCredentials;
  readonly #mayFetch: NonNullable<XdsServerOptions["mayFetch"]>;
  readonly #server: Server;
  readonly #calls = new Set<Call>();

  constructor(options: XdsServerOptions) {
    this.delivery = new Delivery(options);
    this.#credentials = options.credentials ?? ServerCredentials.createInsecure();
    this.#mayFetch = options.mayFetch ?? (() => true);
    this.#server = new Server({
      // A reconnecting Envoy names the version of everything that it has.
      "grpc.max_receive_message_length": 256 << 20,
      "grpc.max_send_message_length": -1,
      // An Envoy whose machine vanished is otherwise connected for ever.
      "grpc.keepalive_time_ms": 30_000,
      "grpc.keepalive_timeout_ms": 10_000,
      ...(options.connectionAgeMs === undefined
        ? {}
        : {
            "grpc.max_connection_age_ms": options.connectionAgeMs,
            // Its stream would last for ever otherwise.
            "grpc.max_connection_age_grace_ms": 100,
          }),
    });
    this.#server.addService(definition, { deltaAggregatedResources: (call: Call) => this.#serve(call) });
  }

  /**
   * Starts to serve. A Unix socket that a dead process left behind is replaced; only its owner may connect to the new one.
   *
   * @returns the port, 0 for a Unix socket
   * @throws Error if the address can't be bound
   */
  async listen(address: XdsAddress): Promise<number> {
    if (!("path" in address)) {
      const host = address.host.includes(":") ? `[${address.host}]` : address.host;
      return await this.#bind(`${host}:${address.port}`);
    }
    await rm(address.path, { force: true });
    await this.#bind(`unix:${address.path}`);
    await chmod(address.path, 0o600);
    return 0;
  }

  /** Ends every stream. Envoys keep what they have, and try to connect again. */
  close(): void {
    for (const call of this.#calls) call.emit("error", { code: status.UNAVAILABLE, details: "shutting down" });
    this.#server.forceShutdown();
    this.delivery.close();
  }

  #bind(target: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(target, this.#credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  #serve(call: Call): void {
    this.#calls.add(call);
    let opened: ReturnType<Delivery["open"]> | undefined;
    const fail = (code: status, details: string): void => {
      call.emit("error", { code, details });
      end(details);
    };
    const end = (reason: string): void => {
      this.#calls.delete(call);
      opened?.close(reason);
      opened = undefined;
    };
    call.on("data", (bytes: Buffer) => {
      if (!this.#calls.has(call)) return;
      let decoded: ReturnType<typeof decodeRequest>;
      try {
        decoded = decodeRequest(bytes);
      } catch (error) {
        fail(
          status.INVALID_ARGUMENT,
          `not a DeltaDiscoveryRequest: ${error instanceof Error ? error.message : String(error)}`,
        );
        return;
      }
      if (opened === undefined) {
        const proxy = decoded.node?.cluster ?? "";
        if (!this.#mayFetch(call.getAuthContext()?.sslPeerCertificate, proxy)) {
          fail(status.PERMISSION_DENIED, `the client's certificate is not that of proxy "${proxy}"`);
          return;
        }
        if (!this.delivery.knows(proxy)) {
          fail(status.NOT_FOUND, `there is no proxy "${proxy}" (the node's cluster names it)`);
          return;
        }
        opened = this.delivery.open(proxy, {
          node: decoded.node?.id ?? "",
          write: (response) => call.write(response),
        });
      }
      opened.session.request(decoded.request);
    });
    call.on("drain", () => opened?.session.drained());
    call.on("cancelled", () => end("cancelled"));
    call.on("error", (error: Error) => end(error.message));
    call.on("end", () => {
      call.end();
      end("ended by Envoy");
    });
  }
}
