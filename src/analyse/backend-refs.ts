import { type RouteKind, routeKinds } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { ServicePort } from "../resources/generated/core.ts";
import type { BackendRef } from "../resources/generated/gateway-api.ts";
import type { FieldPath, Origin } from "../resources/origin.ts";
import type { Analysed } from "./analysed.ts";

/** Rules whose backends all have weight 0: HTTPRouteRule.backendRefs has them answered with 500. */
export function uselessWeights({ resources }: Analysed, kind: RouteKind, key: string): readonly Finding[] {
  const object = resources[kind].get(key);
  if (object === undefined) return [];
  const { namespace = "default", name } = object.metadata;
  const group = object.apiVersion.replace(/\/.*/, "");
  const rules: readonly { readonly backendRefs?: readonly BackendRef[] }[] = object.spec.rules ?? [];
  return rules.flatMap(({ backendRefs = [] }, index): readonly Finding[] =>
    backendRefs.length === 0 || backendRefs.some(({ weight }) => weight > 0)
      ? []
      : [
          {
            severity: "warning",
            code: "weights-sum-to-zero",
            message: `No backend of rule ${index} has a weight above 0, so nobody gets its requests${kind === "HTTPRoute" ? ": they are answered with 500" : ""}.`,
            remedy: "Give one of them a weight above 0; 1 is the default.",
            origin: { resource: { group, kind, namespace, name }, path: ["spec", "rules", index, "backendRefs"] },
          },
        ],
  );
}

/** What a reference to a port that its Service does not have most likely means, which its one port or a targetPort tells. */
export function withPort(finding: Finding, analysed: Analysed): Finding {
  const { code, origin } = finding;
  const reference = origin && code === "backend-port-not-found" ? referenceAt(analysed, origin) : undefined;
  const resource = origin?.resource;
  if (origin === undefined || reference?.port === undefined || resource === undefined) return finding;
  const key = `${reference.namespace ?? resource.namespace}/${reference.name}`;
  const transport = resource.kind === "UDPRoute" ? "UDP" : "TCP";
  const ports = (analysed.resources.Service.get(key)?.spec?.ports ?? []).filter(
    ({ protocol }) => protocol === transport,
  );
  const meant = portMeant(ports, reference.port);
  if (meant === undefined) return finding;
  const remedy =
    meant.targetPort === reference.port
      ? `${reference.port} is the targetPort of port ${meant.port}; a reference names the port: ${meant.port}.`
      : `Write port: ${meant.port}, the only one.`;
  const path: FieldPath = [...origin.path, "port"];
  return { ...finding, remedy, fix: { resource, changes: [{ kind: "set", path, value: meant.port }] } };
}

function portMeant(ports: readonly ServicePort[], port: number): ServicePort | undefined {
  const behind = ports.filter(({ targetPort }) => targetPort === port);
  const candidates = behind.length > 0 ? behind : ports;
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** The backendRef at a place of a route. */
function referenceAt({ resources }: Analysed, { resource, path }: Origin): BackendRef | undefined {
  const kind = routeKinds.find((known) => known === resource.kind);
  const key = `${resource.namespace}/${resource.name}`;
  const object: unknown = kind && resources[kind].get(key);
  const found = path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, step)?.value : undefined,
    object,
  );
  return isBackendRef(found) ? found : undefined;
}

function isBackendRef(value: unknown): value is BackendRef {
  return typeof value === "object" && value !== null && "name" in value && "port" in value;
}
