import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { BackendTLSPolicyValidation } from "../resources/generated/gateway-api.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import type { Resources } from "./inputs.ts";
import type { Problem } from "./problem.ts";
import { anchorsOfBundle, anchorsOfData, readTrustAnchors, type TrustAnchors } from "./trust-anchors.ts";

/** The authorities that people name, wherever they keep them. */
export interface TrustCollections {
  /** By `ConfigMap/namespace/name`, `Secret/namespace/name` or `ClusterTrustBundle/name`; and {@link systemTrust}. */
  readonly anchors: Collection<TrustAnchors>;
  /** "valid", or why not. Apart from the certificates, so that a rotation touches nothing that names them. */
  readonly validity: Collection<string>;
  /** Kinds that the API server does not have, by {@link kindKey}. Files have every kind. */
  readonly unserved: Collection<true>;
}

/** @example kindKey({ group: "certificates.k8s.io", kind: "ClusterTrustBundle" })  // "ClusterTrustBundle.certificates.k8s.io" */
export function kindKey({ group, kind }: Pick<ResourceReference, "group" | "kind">): string {
  return `${kind}.${group}`;
}

/** Key of the authorities that the machine trusts. */
export const systemTrust = "System";

/**
 * @param named what is named as authorities, which alone is read
 * @param systemCertificates the machine's own authorities in PEM; without it, they are taken for granted
 */
export function deriveTrust(
  graph: Graph,
  resources: Resources,
  named: Collection<TrustReference>,
  systemCertificates: (() => string | undefined) | undefined,
  unserved: Collection<true>,
): TrustCollections {
  const ofObjects = graph.derive("trustAnchorsOfObjects", named, (reference, _key, reader) =>
    anchorsOf(reference, reader, resources),
  );
  const trusted = (validation: BackendTLSPolicyValidation | undefined): readonly (readonly [string, TrustAnchors])[] =>
    validation?.wellKnownCACertificates === systemTrust ? [[systemTrust, systemAnchors(systemCertificates)]] : [];
  const system = graph.join<TrustAnchors>("systemTrustAnchors", [
    graph.deriveMany("systemTrustOfPolicies", resources.BackendTLSPolicy, ({ spec }) => trusted(spec.validation)),
    graph.deriveMany("systemTrustOfXBackends", resources.XBackend, ({ spec }) => trusted(spec.tls.validation)),
  ]);
  const anchors = graph.join<TrustAnchors>("trustAnchors", [ofObjects, system]);
  return { anchors, validity: graph.derive("trustValidity", anchors, ({ problem }) => problem ?? "valid"), unserved };
}

function anchorsOf(
  { kind, namespace, name }: TrustReference,
  { fetch }: Reader,
  resources: Resources,
): TrustAnchors | undefined {
  if (kind === "ClusterTrustBundle") {
    const bundle = fetch(resources.ClusterTrustBundle, name);
    return bundle && anchorsOfBundle(bundle);
  }
  const key = `${namespace}/${name}`;
  const object = kind === "Secret" ? fetch(resources.Secret, key) : fetch(resources.ConfigMap, key);
  return object && anchorsOfData(object);
}

function systemAnchors(read: (() => string | undefined) | undefined): TrustAnchors {
  if (read === undefined) return { certificates: "" };
  const certificates = read();
  if (certificates === undefined) return { problem: "there are none on this machine" };
  return readTrustAnchors(certificates, "the system's file");
}

/** A reference to an object with certificates of authorities, in the namespace that it means. */
export interface TrustReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * The key of the authorities that a reference means, whether or not they are there; undefined where its kind has none.
 *
 * Gateway API, caCertificateRefs: a ConfigMap (Core), a ClusterTrustBundle (Extended) or, as implementations may choose,
 * a Secret.
 */
export function trustKey({ group, kind, namespace, name }: TrustReference): string | undefined {
  if (isBundle({ group, kind })) return `${kind}/${name}`;
  return group === "" && (kind === "ConfigMap" || kind === "Secret") ? `${kind}/${namespace}/${name}` : undefined;
}

function isBundle({ group, kind }: Pick<TrustReference, "group" | "kind">): boolean {
  return group === "certificates.k8s.io" && kind === "ClusterTrustBundle";
}

/** Why a reference to authorities can't be used, in words, and what would have to be there. */
export interface UnusableTrust {
  readonly cause: "kind" | "object";
  readonly message: string;
  readonly missing?: ResourceReference;
}

/** The key of the authorities that a reference means, if they can be used. */
export function resolveTrust(
  { fetch }: Reader,
  { validity, unserved }: TrustCollections,
  reference: TrustReference,
): string | UnusableTrust {
  const { group, kind, namespace, name } = reference;
  const bundle = isBundle(reference);
  const key = trustKey(reference);
  if (key === undefined) {
    return {
      cause: "kind",
      message: `CA certificates come from ConfigMaps, Secrets and ClusterTrustBundles, not from ${kind} of group "${group}".`,
    };
  }
  // GEP-5075, "API Availability".
  if (bundle && fetch(unserved, kindKey({ group, kind })) !== undefined) {
    return {
      cause: "kind",
      message: `The API server has no kind ${kind} (${group}), so ${kind} ${name} can't be read.`,
    };
  }
  const described = key.replace("/", " ");
  const state = fetch(validity, key);
  if (state === "valid") return key;
  if (state !== undefined) return { cause: "object", message: `${described} can't be trusted: ${state}.` };
  const missing = bundle ? { group, kind, name } : { group, kind, namespace, name };
  return { cause: "object", message: `There is no ${described}.`, missing };
}

/** An unusable reference as a problem of the object that makes it. */
export function trustProblem(reason: string, { message, missing }: UnusableTrust, origin: Origin): Problem {
  return { reason, message, origin, ...(missing === undefined ? {} : { missing }) };
}

/** Name under which several authorities are delivered as one bundle. No name of an object has a "," in it. */
export function trustName(anchors: readonly string[]): string {
  return anchors.join(",");
}

/** The certificates of a bundle of that name, as far as they are there. */
export function trustedCertificates({ fetch }: Reader, { anchors }: TrustCollections, name: string): string {
  return name
    .split(",")
    .map((key) => {
      const found = fetch(anchors, key);
      return found === undefined || found.problem !== undefined ? "" : found.certificates;
    })
    .join("");
}
