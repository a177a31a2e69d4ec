import type { ObjectWithStatus } from "../admin/objects.ts";
import { field, list, text } from "../resources/field.ts";
import type { Kind } from "../resources/kinds.ts";

export interface Column {
  readonly heading: string;
  value(object: ObjectWithStatus): string;
}

type Columns = (wide: boolean) => readonly Column[];

/** The columns of `kubectl get` for a kind, after its name. With `wide`, what kubectl would not know as well. */
export function columnsOf({ kind }: Kind, wide: boolean): readonly Column[] {
  return [...(byKind[kind]?.(wide) ?? []), column("AGE", age)];
}

const accepted = column("ACCEPTED", (object) => condition(field(object, "status"), "Accepted"));
const programmed = column("PROGRAMMED", (object) => condition(field(object, "status"), "Programmed"));
const type = column("TYPE", (object) => text(field(object, "spec", "type")));

const byKind: Readonly<Record<string, Columns>> = {
  GatewayClass: (wide) => [
    column("CONTROLLER", (object) => text(field(object, "spec", "controllerName"))),
    accepted,
    ...(wide ? [column("DESCRIPTION", (object) => text(field(object, "spec", "description")))] : []),
  ],
  Gateway: (wide) => [
    column("CLASS", (object) => text(field(object, "spec", "gatewayClassName"))),
    column("ADDRESS", (object) => joined(field(object, "status", "addresses"), (address) => field(address, "value"))),
    programmed,
    ...(wide ? [column("LISTENERS", (object) => joined(field(object, "spec", "listeners"), listenerText))] : []),
  ],
  ListenerSet: () => [accepted, programmed],
  HTTPRoute: (wide) => [hostnames, ...routeColumns(wide)],
  GRPCRoute: (wide) => [hostnames, ...routeColumns(wide)],
  TLSRoute: (wide) => [hostnames, ...routeColumns(wide)],
  TCPRoute: routeColumns,
  UDPRoute: routeColumns,
  Service: (wide) => [
    { ...type, value: (object) => type.value(object) || "ClusterIP" },
    column("CLUSTER-IP", (object) => text(field(object, "spec", "clusterIP")) || "<none>"),
    column("EXTERNAL-IP", (object) => text(field(object, "spec", "externalName")) || "<none>"),
    column("PORT(S)", (object) => joined(field(object, "spec", "ports"), portText) || "<none>"),
    ...(wide ? [column("SELECTOR", (object) => pairs(field(object, "spec", "selector")))] : []),
  ],
  EndpointSlice: () => [
    column("ADDRESSTYPE", (object) => text(field(object, "addressType"))),
    column("PORTS", (object) => joined(field(object, "ports"), (port) => field(port, "port"))),
    column("ENDPOINTS", (object) => joined(field(object, "endpoints"), (endpoint) => field(endpoint, "addresses", 0))),
  ],
  Endpoints: () => [
    column("ENDPOINTS", (object) =>
      list(field(object, "subsets"))
        .flatMap((subset) =>
          list(field(subset, "addresses")).flatMap((address) =>
            list(field(subset, "ports")).map((port) => `${text(field(address, "ip"))}:${text(field(port, "port"))}`),
          ),
        )
        .join(","),
    ),
  ],
  Secret: () => [
    column("TYPE", (object) => text(field(object, "type")) || "Opaque"),
    column("DATA", (object) => String(size(field(object, "data")) + size(field(object, "stringData")))),
  ],
  ConfigMap: () => [column("DATA", (object) => String(size(field(object, "data"))))],
  Namespace: () => [column("STATUS", () => "Active")],
};

const hostnames = column("HOSTNAMES", (object) => joined(field(object, "spec", "hostnames"), (hostname) => hostname));

function routeColumns(wide: boolean): readonly Column[] {
  if (!wide) return [];
  const ofParents = (name: string) => (object: ObjectWithStatus) =>
    joined(field(object, "status", "parents"), (parent) => condition(parent, name));
  return [
    column("PARENTS", (object) => joined(field(object, "spec", "parentRefs"), (parent) => field(parent, "name"))),
    column("ACCEPTED", ofParents("Accepted")),
    column("RESOLVEDREFS", ofParents("ResolvedRefs")),
  ];
}

function column(heading: string, value: Column["value"]): Column {
  return { heading, value };
}

function joined(entries: unknown, of: (entry: unknown) => unknown): string {
  return list(entries)
    .map((entry) => text(of(entry)))
    .join(",");
}

/** @example "https:443/HTTPS" */
function listenerText(listener: unknown): string {
  return `${text(field(listener, "name"))}:${text(field(listener, "port"))}/${text(field(listener, "protocol"))}`;
}

function portText(port: unknown): string {
  return `${text(field(port, "port"))}/${text(field(port, "protocol")) || "TCP"}`;
}

function pairs(map: unknown): string {
  return Object.entries(typeof map === "object" && map !== null ? map : {})
    .map(([key, value]) => `${key}=${text(value)}`)
    .join(",");
}

function size(map: unknown): number {
  return typeof map === "object" && map !== null ? Object.keys(map).length : 0;
}

/** Status of a condition in something that has `conditions`. */
export function condition(holder: unknown, name: string): string {
  const found = list(field(holder, "conditions")).find((entry) => field(entry, "type") === name);
  return text(field(found, "status"));
}

/** As kubectl counts: files say nothing of when an object was made, unless somebody wrote it. */
function age({ metadata }: ObjectWithStatus): string {
  const created = Date.parse(metadata.creationTimestamp ?? "");
  if (Number.isNaN(created)) return "<unknown>";
  const seconds = Math.max(0, Math.floor((Date.now() - created) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
