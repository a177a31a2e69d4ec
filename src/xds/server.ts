import type { PeerCertificate } from "node:tls";
import { Admission } from "./admission.ts";
import { systemClock } from "./clock.ts";
import type { MutualTls } from "./credentials.ts";
import { decodeRequest } from "./decode.ts";
import { Delivery, type DeliveryOptions } from "./delivery.ts";
import type { GrpcCall } from "./grpc-call.ts";
import { type GrpcAddress, GrpcServer } from "./grpc-server.ts";
import { type GrpcStatus, grpcStatus } from "./grpc-status.ts";

export interface XdsServerOptions extends DeliveryOptions {
  /** Default: none, which is for a Unix socket in a private directory and for tests. */
  readonly credentials?: MutualTls;
  /**
   * Whether a client with this certificate may have the configuration of `proxy`. Default: anybody who may connect.
   */
  readonly mayFetch?: (certificate: PeerCertificate | undefined, proxy: string) => boolean;
  /**
   * How long an Envoy stays connected before it is asked to connect anew, in milliseconds, give or take a tenth. Where several servers
   * are behind one address, it so comes to one that was added. Default: for ever.
   */
  readonly connectionAgeMs?: number;
  /** Told of an error of ours, which ended one stream and nothing else. */
  readonly onError?: (error: Error) => void;
}

const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/**
 * An Envoy takes as much as a second to warm what it gets first. Of a thousand that come at once, those who wait serve what they have,
 * or are not needed yet.
 */
const startingAtOnce = { most: 32, least: 4 };
/** So that what those who start take together, and how long they keep this process from all else, has a limit whatever each is told. */
const resourcesAtOnce = 60_000;
const startMilliseconds = 1_000;

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
  readonly #mayFetch: NonNullable<XdsServerOptions["mayFetch"]>;
  readonly #server: GrpcServer;
  readonly #admission: Admission;
  readonly #onError: NonNullable<XdsServerOptions["onError"]>;

  constructor(options: XdsServerOptions) {
    this.delivery = new Delivery(options);
    this.#mayFetch = options.mayFetch ?? (() => true);
    this.#onError = options.onError ?? (() => undefined);
    this.#admission = new Admission(() => this.#places(), startMilliseconds, options.clock ?? systemClock);
    const { credentials, connectionAgeMs } = options;
    this.#server = new GrpcServer({
      path,
      ...(credentials === undefined ? {} : { credentials }),
      ...(connectionAgeMs === undefined ? {} : { connectionAgeMs }),
      serve: (call) => this.#serve(call),
    });
  }

  /**
   * Starts to serve. A Unix socket that a dead process left behind is replaced; only its owner may connect to the new one.
   *
   * @returns the port, 0 for a Unix socket
   * @throws Error if the address can't be bound
   */
  async listen(address: GrpcAddress): Promise<number> {
    return await this.#server.listen(address);
  }

  /** Ends every stream. Envoys keep what they have, and try to connect again. */
  close(): void {
    this.#server.close();
    this.delivery.close();
  }

  #serve(call: GrpcCall): void {
    let opened: ReturnType<Delivery["open"]> | undefined;
    let started: (() => void) | undefined;
    const guarded = <Args extends readonly unknown[]>(work: (...args: Args) => void) => {
      return (...args: Args): void => {
        try {
          work(...args);
        } catch (error) {
          this.#onError(error instanceof Error ? error : new Error(String(error)));
          call.fail(grpcStatus.INTERNAL, "an error of the control plane");
        }
      };
    };
    call.handle({
      readable: () => {
        started = this.#admission.enter(call.peerCertificate?.fingerprint256 ?? "", () => call.read());
      },
      message: guarded((bytes) => {
        const request = read(bytes);
        if ("problem" in request) {
          call.fail(grpcStatus.INVALID_ARGUMENT, `not a DeltaDiscoveryRequest: ${request.problem}`);
          return;
        }
        if (opened === undefined) {
          const { cluster: proxy = "", id: node = "" } = request.node ?? {};
          const refusal = this.#refusal(call.peerCertificate, proxy);
          if (refusal !== undefined) {
            call.fail(...refusal);
            return;
          }
          opened = this.delivery.open(proxy, {
            node,
            write: (parts) => call.write(parts),
            settled: () => started?.(),
          });
        }
        opened.session.request(request.request);
      }),
      drained: guarded(() => opened?.session.drained()),
      ended: (reason) => {
        started?.();
        opened?.close(reason);
        opened = undefined;
      },
    });
  }

  #places(): number {
    const { most, least } = startingAtOnce;
    return Math.max(least, Math.min(most, Math.floor(resourcesAtOnce / this.delivery.largest)));
  }

  #refusal(certificate: PeerCertificate | undefined, proxy: string): [GrpcStatus, string] | undefined {
    if (!this.#mayFetch(certificate, proxy))
      return [grpcStatus.PERMISSION_DENIED, `the client's certificate is not that of proxy "${proxy}"`];
    if (!this.delivery.knows(proxy))
      return [grpcStatus.NOT_FOUND, `there is no proxy "${proxy}" (the node's cluster names it)`];
    return undefined;
  }
}

function read(bytes: Buffer): ReturnType<typeof decodeRequest> | { readonly problem: string } {
  try {
    return decodeRequest(bytes);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
