import { Graph } from "../collections/graph.ts";
import { endpointsOf, serviceNameLabel } from "../gateway/endpoints.ts";
import { createResourceInputs, isResourceKind, type Resources, setResource } from "../gateway/inputs.ts";
import { endpointsOfXBackend } from "../gateway/locate-backend.ts";
import { selectorKey, selectorKeyOf } from "../gateway/selector-service.ts";
import type { Endpoint } from "../ir/cluster.ts";
import { field, list, text } from "../resources/field.ts";
import type { EndpointSlice, Service, ServicePort } from "../resources/generated/core.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { table } from "./table.ts";

/** Endpoints that are named; the rest is counted. */
const mostEndpoints = 5;

/** Where a route's, a Service's or an XBackend's traffic can go: each backend with the endpoints that it has now. None for other kinds. */
export function backendLines(object: KubernetesObject, objects: readonly KubernetesObject[]): readonly string[] {
  const resources = createResourceInputs(new Graph());
  for (const each of objects) if (isResourceKind(each.kind)) setResource(resources, each.kind, each);
  const namespace = object.metadata.namespace ?? "default";
  const rows = rowsOf(object, namespace, resources);
  return rows.length === 0 ? [] : table(rows);
}

function rowsOf(object: KubernetesObject, home: string, resources: Resources): readonly (readonly string[])[] {
  switch (object.kind) {
    case "Service":
      return serviceRows(object, resources);
    case "XBackend":
      return [["ENDPOINTS"], [xBackendText(`${home}/${object.metadata.name}`, resources)]];
    default:
      return routeRows(object, home, resources);
  }
}

function xBackendText(key: string, resources: Resources): string {
  const xBackend = resources.XBackend.get(key);
  if (xBackend === undefined) return "there is no such XBackend";
  const { externalHostname, port } = xBackend.spec;
  if (externalHostname !== undefined) return `${externalHostname.hostname}:${port.number} (DNS)`;
  const { namespace = "default", uid = "" } = xBackend.metadata;
  const services = [...resources.Service.entries()]
    .filter(([, service]) => selectorKeyOf(service) === selectorKey(namespace, uid))
    .map(([serviceKey, value]) => ({ key: serviceKey, value }));
  return endpointList(endpointsOfXBackend(xBackend, "TCP", services, (service) => slicesOf(service, resources)));
}

function serviceRows({ metadata }: KubernetesObject, resources: Resources): readonly (readonly string[])[] {
  const key = `${metadata.namespace ?? "default"}/${metadata.name}`;
  const service = resources.Service.get(key);
  const rows = (service?.spec?.ports ?? []).map((port) => [
    `${port.name === undefined ? "" : `${port.name} `}${port.port}/${port.protocol ?? "TCP"}`,
    endpointsText(service, port, key, resources),
  ]);
  return rows.length === 0 ? [] : [["PORT", "ENDPOINTS"], ...rows];
}

function routeRows(route: KubernetesObject, home: string, resources: Resources): readonly (readonly string[])[] {
  const rows = list(field(route, "spec", "rules")).flatMap((rule, index) =>
    list(field(rule, "backendRefs")).map((backend): readonly string[] => {
      const kind = text(field(backend, "kind")) || "Service";
      const key = `${text(field(backend, "namespace")) || home}/${text(field(backend, "name"))}`;
      const number = text(field(backend, "port"));
      const service = kind === "Service" ? resources.Service.get(key) : undefined;
      const port = service?.spec?.ports?.find((each) => String(each.port) === number);
      return [
        text(field(rule, "name")) || String(index),
        `${kind} ${key}${number === "" ? "" : `:${number}`}`,
        text(field(backend, "weight")) || "1",
        kind === "Service"
          ? endpointsText(service, port, key, resources)
          : kind === "XBackend"
            ? xBackendText(key, resources)
            : "",
      ];
    }),
  );
  return rows.length === 0 ? [] : [["RULE", "BACKEND", "WEIGHT", "ENDPOINTS"], ...rows];
}

function endpointsText(
  service: Service | undefined,
  port: ServicePort | undefined,
  key: string,
  resources: Resources,
): string {
  if (service === undefined) return "there is no such Service";
  if (service.spec?.type === "ExternalName") return `${service.spec.externalName ?? ""} (DNS)`;
  if (port === undefined) return "the Service has no such port";
  return endpointList(
    endpointsOf(service, port, { slices: slicesOf(key, resources), endpoints: resources.Endpoints.get(key) }),
  );
}

function slicesOf(service: string, { EndpointSlice }: Resources): readonly EndpointSlice[] {
  return [...EndpointSlice.entries()]
    .map(([, slice]) => slice)
    .filter(({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.labels?.[serviceNameLabel]}` === service);
}

function endpointList(endpoints: readonly Endpoint[]): string {
  return endpoints.length === 0 ? "none" : `${endpoints.length}: ${listed(endpoints)}`;
}

function listed(endpoints: readonly Endpoint[]): string {
  const named = endpoints.slice(0, mostEndpoints).map(({ address, port, health }) => {
    const host = address.includes(":") ? `[${address}]` : address;
    return `${host}:${port}${health === "draining" ? " (draining)" : ""}`;
  });
  return [...named, ...(endpoints.length > mostEndpoints ? ["…"] : [])].join(", ");
}
