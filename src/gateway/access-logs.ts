import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { AccessLog } from "../ir/access-log.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import type { Resources } from "./inputs.ts";
import type { Placement } from "./placement.ts";

/**
 * How requests and connections of a Gateway are written down; missing where they are not.
 *
 * Where that can't be read any more it stays as it was last, for as long as we run: Envoy drains every connection of a chain that
 * changes, and a mistake in parameters is to cost nobody a connection.
 */
export function deriveAccessLogs(
  graph: Graph,
  gateways: Collection<Gateway>,
  placement: Placement,
  resources: Resources,
): Collection<readonly AccessLog[]> {
  const readable = graph.derive("readableAccessLogs", gateways, (gateway, _key, reader) =>
    placement.accessLogs(gateway, reader, resources),
  );
  const last = graph.input<readonly AccessLog[]>("lastAccessLogs");
  readable.subscribe((changes) => {
    for (const { key, after } of changes) if (after !== undefined) last.set(key, after);
  });
  gateways.subscribe((changes) => {
    for (const { key, after } of changes) if (after === undefined) last.delete(key);
  });
  return graph.derive("accessLogs", gateways, (_gateway, key, { fetch }) => {
    const logs = fetch(readable, key) ?? fetch(last, key) ?? [];
    return logs.length === 0 ? undefined : logs;
  });
}
