import { scopeKey } from "../envoy/scope.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { Rule } from "../ir/rule.ts";
import { formatPath, formatReference } from "../resources/origin.ts";
import type { Refusal, RefusedField } from "../status/refusal.ts";
import type { Explained } from "./explained.ts";

/** What Envoy refuses of a rule; a fixed answer stands in its place. */
export function refusalOfRule(
  { refusals }: Pick<Explained, "refusals">,
  { proxy }: Listener,
  { origin }: Rule,
): RefusedField | undefined {
  const isRule = (one: RefusedField["origins"][number]): boolean =>
    formatReference(one.resource) === formatReference(origin.resource) &&
    formatPath(one.path) === formatPath(origin.path);
  return refusals
    .filter((refusal) => refusal.proxy === proxy)
    .flatMap(({ parts }) => parts)
    .find(({ origins }) => origins.some(isRule));
}

/** What Envoy refuses as a whole of what decides about a request: it keeps what it had, if anything. */
export function refusalNotes(
  { refusals }: Pick<Explained, "refusals">,
  { proxy, name }: Listener,
  table: HostTable | undefined,
  rule: Rule | undefined,
): readonly string[] {
  const clusters = rule?.action.kind === "forward" ? rule.action.destinations.map(({ cluster }) => cluster) : [];
  const names: readonly (string | undefined)[] = [
    name,
    ...(table === undefined ? [] : [scopeKey(table.chain, table.hostname)]),
    ...clusters,
  ];
  return refusals
    .filter((refusal: Refusal) => refusal.proxy === proxy && names.includes(refusal.name))
    .flatMap(({ name: refused, whole }) =>
      whole === undefined ? [] : [`Envoy refuses ${refused}, and goes on with what it had before: ${whole}.`],
    );
}
