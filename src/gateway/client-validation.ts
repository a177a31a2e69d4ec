import type { Reader } from "../collections/collection.ts";
import type { ClientValidation } from "../ir/listener.ts";
import type { FrontendTLSValidation, Gateway } from "../resources/generated/gateway-api.ts";
import type { FieldPath, Origin } from "../resources/origin.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { Problem } from "./problem.ts";
import { type GrantsByNamespace, mayRefer, missingGrant, missingGrantReference } from "./reference-grant.ts";
import { gatewayGroup } from "./route-kind.ts";
import { resolveTrust, type TrustCollections, trustName, trustProblem } from "./trust.ts";

/** Whether a port asks its clients for certificates, and what stands in the way. */
export interface PortValidation {
  readonly validation?: ClientValidation;
  readonly problems: readonly Problem[];
  /** Why its listeners can't be served: without the check, everybody would be let in. */
  readonly refused?: Condition;
}

export interface ValidationContext {
  readonly trust: TrustCollections;
  readonly grants: GrantsByNamespace;
}

/**
 * What the HTTPS listeners of a port, the Gateway's own and its ListenerSets', ask of their clients.
 *
 * Gateway API, FrontendTLSConfig: what a port says replaces the default as a whole. CA certificates that can't be used
 * make ResolvedRefs False; with none that can, the listeners are not accepted (NoValidCACertificate).
 */
export function portValidation(
  gateway: Gateway,
  port: number,
  reader: Reader,
  context: ValidationContext,
): PortValidation {
  const frontend = gateway.spec.tls?.frontend;
  const index = frontend?.perPort?.findIndex((entry) => entry.port === port) ?? -1;
  const path: FieldPath = index === -1 ? ["default"] : ["perPort", index, "tls"];
  const config = frontend?.perPort?.[index]?.tls ?? frontend?.default;
  if (config?.validation === undefined) return { problems: [] };
  const { name, namespace = "default" } = gateway.metadata;
  const origin: Origin = {
    resource: { group: gatewayGroup, kind: "Gateway", namespace, name },
    path: ["spec", "tls", "frontend", ...path, "validation", "caCertificateRefs"],
  };
  const { caCertificateRefs, mode } = config.validation;
  const resolved = caCertificateRefs.map((reference, position) =>
    resolveReference(reference, namespace, { ...origin, path: [...origin.path, position] }, reader, context),
  );
  const anchors = [...new Set(resolved.filter((each) => typeof each === "string"))];
  const problems = resolved.filter((each) => typeof each !== "string");
  if (anchors.length > 0)
    return { validation: { trust: trustName(anchors), required: mode !== "AllowInsecureFallback" }, problems };
  const message = `There is no CA certificate to check client certificates with: ${problems.map((problem) => problem.message).join(" ")}`;
  return { problems, refused: isFalse("Accepted", "NoValidCACertificate", message) };
}

type CertificateReference = FrontendTLSValidation["caCertificateRefs"][number];

/** Key of the authorities, or the problem. */
function resolveReference(
  { group, kind, name, namespace }: CertificateReference,
  gatewayNamespace: string,
  origin: Origin,
  reader: Reader,
  { trust, grants }: ValidationContext,
): string | Problem {
  const to = { group, kind, name, namespace: namespace ?? gatewayNamespace };
  const from = { group: gatewayGroup, kind: "Gateway", namespace: gatewayNamespace };
  const found = resolveTrust(reader, trust, to);
  // Whether an object of another namespace exists is nobody's business without a grant.
  if ((typeof found === "string" || found.cause === "object") && !mayRefer(reader, grants, from, to)) {
    return { reason: "RefNotPermitted", message: missingGrant(from, to), origin, missing: missingGrantReference(to) };
  }
  if (typeof found === "string") return found;
  return trustProblem(found.cause === "kind" ? "InvalidCACertificateKind" : "InvalidCACertificateRef", found, origin);
}

/** Gateway API, InsecureFrontendValidationMode: there while a port, or the default, lets in clients that fail the check. */
export function insecureFrontend({ spec }: Gateway): Condition | undefined {
  const frontend = spec.tls?.frontend;
  const insecure = [
    ...(frontend?.default.validation?.mode === insecureMode ? ["by default"] : []),
    ...(frontend?.perPort ?? [])
      .filter(({ tls }) => tls.validation?.mode === insecureMode)
      .map(({ port }) => `on port ${port}`),
  ];
  if (insecure.length === 0) return undefined;
  return isTrue(
    "InsecureFrontendValidationMode",
    "ConfigurationChanged",
    `Clients without a valid certificate are let in ${insecure.join(", ")}: ${insecureMode}.`,
  );
}

/**
 * Fields that ask for client certificates where no listener does: only HTTPS listeners do.
 *
 * @param listeners protocol and port of all that the Gateway has, those of ListenerSets too
 */
export function validationWithoutListener(
  { spec }: Gateway,
  listeners: readonly { readonly protocol: string; readonly port: number }[],
): readonly UnenforcedField[] {
  const frontend = spec.tls?.frontend;
  if (frontend === undefined) return [];
  const because = "No HTTPS listener is concerned, and others ask for no client certificates.";
  const path = ["spec", "tls", "frontend"];
  const ports = new Set(listeners.filter(({ protocol }) => protocol === "HTTPS").map(({ port }) => port));
  const own = new Set(frontend.perPort?.map(({ port }) => port));
  return [
    ...(frontend.default.validation === undefined || [...ports].some((port) => !own.has(port))
      ? []
      : [{ path: [...path, "default", "validation"], because }]),
    ...(frontend.perPort ?? []).flatMap(({ port, tls }, index) =>
      tls.validation === undefined || ports.has(port)
        ? []
        : [{ path: [...path, "perPort", index, "tls", "validation"], because }],
    ),
  ];
}

const insecureMode = "AllowInsecureFallback";
