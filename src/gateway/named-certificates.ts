import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type {
  BackendTLSPolicyValidation,
  Gateway,
  ListenerSet,
  SecretObjectReference,
} from "../resources/generated/gateway-api.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { GatewayCollections } from "./derive-gateways.ts";
import type { Resources } from "./inputs.ts";
import { type TrustReference, trustKey } from "./trust.ts";

/**
 * Which objects are named as certificates, by those that may be served, whether or not they are there. A cluster is full of Secrets
 * and ConfigMaps, and the others cost their event alone: nobody reads them.
 */
export interface NamedCertificates {
  /** Secrets that are named as key pairs, by `namespace/name`. */
  readonly keyPairs: Collection<true>;
  /** What is named as authorities, by {@link trustKey}. */
  readonly authorities: Collection<TrustReference>;
}

export function deriveNamedCertificates(
  graph: Graph,
  { BackendTLSPolicy, XBackend }: Pick<Resources, "BackendTLSPolicy" | "XBackend">,
  { gateways, listenerSets }: GatewayCollections,
): NamedCertificates {
  const keyPairs = graph.join<true>("namedKeyPairs", [
    graph.deriveMany("keyPairsOfGateways", gateways, (gateway) =>
      keyPairsIn(gateway, [...ofListeners(gateway), ...present(gateway.spec.tls?.backend?.clientCertificateRef)]),
    ),
    graph.deriveMany("keyPairsOfListenerSets", listenerSets, ({ object }) => keyPairsIn(object, ofListeners(object))),
    graph.deriveMany("keyPairsOfXBackends", XBackend, (backend) =>
      keyPairsIn(backend, present(backend.spec.tls.clientCertificateRef)),
    ),
  ]);
  const authorities = graph.join<TrustReference>("namedAuthorities", [
    graph.deriveMany("authoritiesOfGateways", gateways, (gateway) => {
      const { frontend } = gateway.spec.tls ?? {};
      const configs = [...present(frontend?.default), ...(frontend?.perPort ?? []).map(({ tls }) => tls)];
      return authoritiesIn(
        gateway,
        configs.flatMap(({ validation }) => validation?.caCertificateRefs ?? []),
      );
    }),
    graph.deriveMany("authoritiesOfPolicies", BackendTLSPolicy, (policy) =>
      authoritiesIn(policy, ofValidation(policy.spec.validation)),
    ),
    graph.deriveMany("authoritiesOfXBackends", XBackend, (backend) =>
      authoritiesIn(backend, ofValidation(backend.spec.tls.validation)),
    ),
  ]);
  return { keyPairs, authorities };
}

function ofListeners({ spec }: Gateway | ListenerSet): readonly SecretObjectReference[] {
  return spec.listeners.flatMap(({ tls }) => tls?.certificateRefs ?? []);
}

function ofValidation(validation: BackendTLSPolicyValidation | undefined): readonly Reference[] {
  return validation?.caCertificateRefs ?? [];
}

function keyPairsIn(
  { metadata }: KubernetesObject,
  references: readonly SecretObjectReference[],
): readonly (readonly [string, true])[] {
  return references
    .filter(({ group, kind }) => group === "" && kind === "Secret")
    .map(({ namespace = metadata.namespace ?? "default", name }) => [`${namespace}/${name}`, true]);
}

type Reference = Pick<TrustReference, "group" | "kind" | "name"> & { readonly namespace?: string };

function authoritiesIn(
  { metadata }: KubernetesObject,
  references: readonly Reference[],
): readonly (readonly [string, TrustReference])[] {
  return references.flatMap(({ group, kind, namespace = metadata.namespace ?? "default", name }) => {
    const reference: TrustReference = { group, kind, namespace, name };
    const key = trustKey(reference);
    return key === undefined ? [] : [[key, reference] as const];
  });
}

function present<Value>(value: Value | undefined): readonly Value[] {
  return value === undefined ? [] : [value];
}
