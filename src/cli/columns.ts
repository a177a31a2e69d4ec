import type { ObjectWithStatus } from "../admin/objects.ts";
import type { Kind } from "../resources/kinds.ts";
import { field, list, text } from "./field.ts";

export interface Column {
  readonly heading: string;
  value(object: ObjectWithStatus): string;
}

/** The columns of `kubectl get` for a kind, after its name. */
export function columnsOf({ kind }: Kind, wide: boolean): readonly Column[] {
  return [...(byKind[kind]?.(wide) ?? []), { heading: "AGE", value: age }];
}

const byKind: Readonly<Record<string, (wide: boolean) => readonly Column[]>> = {
  GatewayClass: (wide) => [
    { heading: "CONTROLLER", value: (object) => text(field(object, "spec", "controllerName")) },
    { heading: "ACCEPTED", value: (object) => condition(field(object, "status"), "Accepted") },
    ...(wide
      ? [{ heading: "DESCRIPTION", value: (object: ObjectWithStatus) => text(field(object, "spec", "description")) }]
      : []),
  ],
  Gateway: (wide) => [
    { heading: "CLASS", value: (object) => text(field(object, "spec", "gatewayClassName")) },
    {
      heading: "ADDRESS",
      value: (object) =>
        list(field(object, "status", "addresses"))
          .map((address) => text(field(address, "value")))
          .join(","),
    },
    { heading: "PROGRAMMED", value: (object) => condition(field(object, "status"), "Programmed") },
    ...(wide
      ? [
          {
            heading: "LISTENERS",
            value: (object: ObjectWithStatus) =>
              list(field(object, "spec", "listeners"))
                .map(
                  (listener) =>
                    `${text(field(listener, "name"))}:${text(field(listener, "port"))}/${text(field(listener, "protocol"))}`,
                )
                .join(","),
          },
        ]
      : []),
  ],
  HTTPRoute: routeColumns,
  GRPCRoute: routeColumns,
  TLSRoute: routeColumns,
  TCPRoute: (wide) => routeColumns(wide).slice(1),
  UDPRoute: (wide) => routeColumns(wide).slice(1),
  Service: () => [
    { heading: "TYPE", value: (object) => text(field(object, "spec", "type")) },
    {
      heading: "PORT(S)",
      value: (object) =>
        list(field(object, "spec", "ports"))
          .map((port) => `${text(field(port, "port"))}/${text(field(port, "protocol"))}`)
          .join(","),
    },
  ],
};

function routeColumns(wide: boolean): readonly Column[] {
  return [
    {
      heading: "HOSTNAMES",
      value: (object) =>
        list(field(object, "spec", "hostnames"))
          .map(text)
          .join(","),
    },
    ...(wide
      ? [
          {
            heading: "PARENTS",
            value: (object: ObjectWithStatus) =>
              list(field(object, "spec", "parentRefs"))
                .map((parent) => text(field(parent, "name")))
                .join(","),
          },
          {
            heading: "ACCEPTED",
            value: (object: ObjectWithStatus) =>
              list(field(object, "status", "parents"))
                .map((parent) => condition(parent, "Accepted"))
                .join(","),
          },
        ]
      : []),
  ];
}

/** Status of a condition in something that has `conditions`. */
export function condition(holder: unknown, type: string): string {
  const found = list(field(holder, "conditions")).find((entry) => field(entry, "type") === type);
  return text(field(found, "status"));
}

function age(object: ObjectWithStatus): string {
  const created = object.metadata.creationTimestamp;
  if (created === undefined) return "";
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(created)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
