import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { AccessLog } from "../ir/access-log.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { formatPath } from "../resources/origin.ts";
import type { BackendContext } from "./backend.ts";
import type { Resources } from "./inputs.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import { parametersGroup, parametersKind } from "./parameters-reference.ts";
import type { GivenTelemetry, GivenTracing, Placement } from "./placement.ts";
import { type ReadTracing, readTracing } from "./tracing-config.ts";

/**
 * How requests and connections of a Gateway are written down, and how its parameters have it traced; missing where they are not.
 *
 * Where that can't be read any more it stays as it was last, for as long as we run: Envoy drains every connection of a chain that
 * changes, and a mistake in parameters is to cost nobody a connection.
 */
export function deriveGivenTelemetry(
  graph: Graph,
  gateways: Collection<Gateway>,
  placement: Placement,
  resources: Resources,
): { readonly accessLogs: Collection<readonly AccessLog[]>; readonly givenTracing: Collection<GivenTracing> } {
  const readable = graph.derive("readableTelemetry", gateways, (gateway, _key, reader) =>
    placement.telemetry(gateway, reader, resources),
  );
  const last = graph.input<GivenTelemetry>("lastTelemetry");
  readable.subscribe((changes) => {
    for (const { key, after } of changes) if (after !== undefined) last.set(key, after);
  });
  gateways.subscribe((changes) => {
    for (const { key, after } of changes) if (after === undefined) last.delete(key);
  });
  const given = graph.derive(
    "givenTelemetry",
    gateways,
    (_gateway, key, { fetch }) => fetch(readable, key) ?? fetch(last, key),
  );
  return {
    accessLogs: graph.derive("accessLogs", given, ({ accessLogs }) =>
      accessLogs.length === 0 ? undefined : accessLogs,
    ),
    givenTracing: graph.derive("givenTracing", given, ({ tracing }) => tracing),
  };
}

/** `spec.tracing` of GatewayParameters: as an XTelemetryPolicy in their namespace would be read. */
export function readGivenTracing(
  { config, writtenIn }: GivenTracing,
  reader: Reader,
  context: BackendContext,
): ReadTracing {
  return readTracing(config, { group: parametersGroup, kind: parametersKind, ...writtenIn }, reader, context);
}

/** What of `spec.tracing` of its parameters has no effect, as the Gateway tells it: requests are served all the same. */
export function tracingNotEnforced({ spec }: Gateway, read: ReadTracing | undefined): readonly UnenforcedField[] {
  const path =
    spec.infrastructure?.parametersRef === undefined
      ? ["spec", "gatewayClassName"]
      : ["spec", "infrastructure", "parametersRef"];
  const fields = [
    ...(read?.problems ?? []).map(({ origin, message }) => ({ path: origin.path, because: message })),
    ...(read?.notEnforced ?? []),
  ];
  return fields.map((field) => ({ path, part: `its parameters' ${formatPath(field.path)}`, because: field.because }));
}
