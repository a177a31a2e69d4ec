import { parseEndpointsAnnotation, serviceNameLabel } from "../gateway/endpoints.ts";
import { keyOfBackend } from "../gateway/policy-target.ts";
import { endpointsAnnotation } from "../resources/checks/own-keys.ts";
import type { Finding } from "../resources/finding.ts";
import type { Service } from "../resources/generated/core.ts";
import type { Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";

/** Services that say nowhere, or wrongly, where they are. */
export function analyseServices(analysed: Analysed): readonly Finding[] {
  const located = new Set(
    [...analysed.resources.EndpointSlice.entries()].map(
      ([, { metadata }]) => `${metadata.namespace ?? "default"}/${metadata.labels?.[serviceNameLabel] ?? ""}`,
    ),
  );
  const used = usedServices(analysed);
  return sorted(analysed.resources.Service).flatMap(([key, service]) => [
    ...badAnnotation(service),
    ...(used.has(key) && !located.has(key) ? noEndpoints(analysed, key, service) : []),
  ]);
}

/** Keys of the Services that something is sent to. */
export function usedServices({ semantics }: Analysed): ReadonlySet<string> {
  const { clusters, streams } = semantics;
  return new Set([
    ...[...clusters.entries()].flatMap(
      ([
        ,
        {
          origin: { resource },
        },
      ]) => (resource.kind === "Service" ? [`${resource.namespace}/${resource.name}`] : []),
    ),
    ...[...streams.entries()].flatMap(([, { backends }]) =>
      backends.flatMap(({ target, asIs }) => keyOfBackend("Service", (target ?? asIs)?.backend ?? "") ?? []),
    ),
  ]);
}

function originOf({ metadata }: Service, path: Origin["path"]): Origin {
  const { namespace = "default", name } = metadata;
  return { resource: { group: "", kind: "Service", namespace, name }, path };
}

function badAnnotation(service: Service): readonly Finding[] {
  const annotation = service.metadata.annotations?.[endpointsAnnotation];
  if (annotation === undefined) return [];
  const origin = originOf(service, ["metadata", "annotations", endpointsAnnotation]);
  const names = (service.spec?.ports ?? []).map((port) => port.name ?? "");
  return parseEndpointsAnnotation(annotation).flatMap((entry): readonly Finding[] => {
    if (entry.problem !== undefined) {
      return [{ severity: "error", code: "invalid-endpoints", message: `${entry.problem}.`, origin }];
    }
    if (entry.portName === undefined || names.includes(entry.portName)) return [];
    return [
      {
        severity: "error",
        code: "invalid-endpoints",
        message: `The Service has no port named "${entry.portName}"; it has ${names.map((name) => `"${name}"`).join(", ")}.`,
        origin,
      },
    ];
  });
}

function noEndpoints({ resources }: Analysed, key: string, service: Service): readonly Finding[] {
  if (service.spec?.type === "ExternalName" || resources.Endpoints.get(key) !== undefined) return [];
  if (service.metadata.annotations?.[endpointsAnnotation] !== undefined) return [];
  return [
    {
      severity: "warning",
      code: "no-endpoints",
      message: `Service ${key} has no endpoints, so its share of requests gets 503.`,
      remedy: `Add an EndpointSlice labelled ${serviceNameLabel}: ${service.metadata.name}, or the annotation ${endpointsAnnotation}: "127.0.0.1:8080".`,
      origin: originOf(service, ["spec"]),
    },
  ];
}
