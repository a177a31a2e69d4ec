import type { Collection } from "../collections/collection.ts";
import type { Cluster } from "../ir/cluster.ts";
import type { BackendObjectReference, SessionPersistence } from "../resources/generated/gateway-api.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import { shared } from "../strings/shared.ts";
import type { BackendService } from "./backend-service.ts";
import type { PolicyHolder } from "./backend-tls.ts";
import { keyOfBackend, type PolicyTarget } from "./policy-target.ts";
import type { Problem } from "./problem.ts";
import type { GrantsByNamespace } from "./reference-grant.ts";
import type { RouteKind } from "./route-kind.ts";
import type { RoutableXBackend } from "./x-backend.ts";

/** How a route speaks to its backends where they do not say. */
export type BackendProtocol = Cluster["protocol"];

/** A port of a backend, and how it is spoken to: all that a cluster is made of. */
export interface BackendTarget {
  /** `Service/namespace/name` or `XBackend/namespace/name`. */
  readonly backend: string;
  readonly port: number;
  readonly protocol: BackendProtocol;
  readonly tls: boolean;
}

export type ResolvedBackend =
  | {
      readonly target: BackendTarget;
      readonly problem?: undefined;
      readonly use: PolicyTarget;
      /** What the backend itself says of sessions. */
      readonly sessionPersistence?: SessionPersistence;
    }
  | {
      readonly target?: undefined;
      readonly problem: Problem;
      readonly use?: PolicyTarget;
      /** Where bytes that are encrypted already may go: set where TLS that can't be enforced is all that is wrong. */
      readonly asIs?: BackendTarget;
    };

export interface BackendContext {
  readonly services: Collection<BackendService>;
  readonly xBackends: Collection<RoutableXBackend>;
  readonly grants: GrantsByNamespace;
  /** BackendTLSPolicies, by the Service and port that they hold. */
  readonly tlsHolders: Collection<PolicyHolder>;
  /** What XBackendTrafficPolicies say of sessions, by backend. */
  readonly sessions: Collection<SessionPersistence>;
}

/** A reference to a backend that is allowed, and how those who name it speak. */
export interface AllowedReference {
  readonly reference: BackendObjectReference;
  /** `namespace/name`. */
  readonly key: string;
  readonly spokenAs: RouteKind;
  readonly refused: (reason: string, message: string, missing?: ResourceReference) => { readonly problem: Problem };
  readonly origin: Origin;
}

/** Reason of ours for ResolvedRefs: the backend is there, and may not be spoken to without the TLS that is asked for. */
export const invalidBackendTls = "InvalidBackendTLS";

/**
 * @param clientCertificate key of the Secret that the Gateway shows to Services in TLS
 * @example clusterName({ backend: "Service/shop/cart", port: 80, protocol: "HTTP/1.1", tls: false })  // "Service/shop/cart/80/http1"
 */
export function clusterName(target: BackendTarget, clientCertificate?: string): string {
  const { backend, port, protocol, tls } = target;
  const shown = clientCertificate !== undefined && isShownCertificate(target) ? `@${clientCertificate}` : "";
  return shared(`${backend}/${port}/${variants[protocol]}${tls ? "+tls" : ""}${shown}`);
}

/** Whether a Gateway's own certificate makes a difference to a backend; an XBackend says itself what it is shown. */
export function isShownCertificate({ backend, tls }: BackendTarget): boolean {
  return tls && keyOfBackend("Service", backend) !== undefined;
}

const variants = { "HTTP/1.1": "http1", "HTTP/2": "http2", TCP: "tcp", UDP: "udp" } as const;
