import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { type Condition, isFalse, isTrue } from "../gateway/condition.ts";
import { formatPath, type Origin } from "../resources/origin.ts";

/** What the Envoys of a proxy refuse of one of their resources, for status: the Envoys' own words, and whose fault it is. */
export interface Refusal {
  readonly proxy: string;
  readonly typeUrl: string;
  readonly name: string;
  /** About the whole; absent where some parts are to blame and the rest is served. */
  readonly whole?: string;
  readonly parts: readonly RefusedField[];
}

export interface RefusedField {
  readonly origins: readonly Origin[];
  readonly message: string;
  /** Left out, since even what would have answered in its place is refused. */
  readonly dropped: boolean;
}

/** Key of a refusal among all. */
export function refusalKey({ proxy, typeUrl, name }: Pick<Refusal, "proxy" | "typeUrl" | "name">): string {
  return `${proxy}|${typeUrl}|${name}`;
}

/** A rule of a route that some proxy refuses. */
export interface RefusedRule extends Omit<RefusedField, "origins"> {
  readonly route: string;
  readonly path: readonly (string | number)[];
}

const ofBackends: readonly string[] = [
  "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
];

/** Key under which all refused clusters and endpoints are. */
export const allBackends = "backends";

export interface RefusalCollections {
  /** By `Kind/namespace/name` of the route. */
  readonly rulesByRoute: Collection<readonly { readonly value: RefusedRule }[]>;
  /** Clusters and endpoints, all of them under {@link allBackends}: there are hardly ever any. */
  readonly backends: Collection<readonly { readonly value: Refusal }[]>;
}

export function deriveRefusals(graph: Graph, refusals: Collection<Refusal>): RefusalCollections {
  const rules = graph.deriveMany("refusedRules", refusals, ({ parts }, key) =>
    parts.flatMap(({ origins, message, dropped }) =>
      origins.map(({ resource, path }): readonly [string, RefusedRule] => {
        const route = `${resource.kind}/${resource.namespace ?? "default"}/${resource.name}`;
        return [`${key}|${route}|${formatPath(path)}`, { route, path, message, dropped }];
      }),
    ),
  );
  const backends = graph.derive("refusedBackends", refusals, (refusal) =>
    ofBackends.includes(refusal.typeUrl) ? refusal : undefined,
  );
  return {
    rulesByRoute: graph.group("refusedRulesByRoute", rules, ({ route }) => [route]),
    backends: graph.group("allRefusedBackends", backends, () => [allBackends]),
  };
}

/**
 * Gateway API, RouteConditionPartiallyInvalid: some rules are not served as written. Where none is, the route is not accepted.
 *
 * @param conditions of one parent
 * @param rules how many the route has
 */
export function withRefusedRules(
  conditions: readonly Condition[],
  refused: readonly RefusedRule[],
  rules: number,
): readonly Condition[] {
  const accepted = conditions.find(({ type }) => type === "Accepted");
  if (refused.length === 0 || accepted?.status !== "True") return conditions;
  const said = new Map(refused.map((rule) => [formatPath(rule.path), rule]));
  const messages = [...said].map(
    ([path, { message, dropped }]) => `${path}: Envoy refuses it (${message})${dropped ? ", even as a match" : ""}`,
  );
  const answered = [...said.values()].every(({ dropped }) => !dropped) ? ", answered with 500" : "";
  const text = `${messages.join("; ")}.`;
  if (new Set(refused.map(({ path }) => path[2])).size >= rules) {
    const none = isFalse("Accepted", "UnsupportedValue", `No rule can be served${answered}: ${text}`);
    return conditions.map((condition) => (condition === accepted ? none : condition));
  }
  const before = conditions.find(({ type }) => type === "PartiallyInvalid");
  const partly = isTrue(
    "PartiallyInvalid",
    "UnsupportedValue",
    `Dropped Rule${answered}: ${text}${before === undefined ? "" : ` ${before.message}`}`,
  );
  return [...conditions.filter((condition) => condition !== before), partly];
}

/** Reason of ours for ResolvedRefs: the backend is there, and Envoy does not take what it is to be spoken to with. */
export const refusedBackend = "RefusedByEnvoy";

/** ResolvedRefs of a route some of whose backends are refused. */
export function withRefusedBackends(
  conditions: readonly Condition[],
  refused: readonly Refusal[],
): readonly Condition[] {
  if (refused.length === 0) return conditions;
  const text = refused.map(({ name, whole = "no reason given" }) => `${name}: ${whole}`).join("; ");
  const condition = isFalse(
    "ResolvedRefs",
    refusedBackend,
    `Envoy refuses backends or their endpoints, whose requests are answered with an error unless it has a former version: ${text}.`,
  );
  return conditions.map((one) => (one.type === "ResolvedRefs" && one.status === "True" ? condition : one));
}
