import { RE2JS } from "re2js";
import type { HostTable } from "../ir/host-table.ts";
import type { PathMatch, RequestMatch, Rule, ValueMatch } from "../ir/rule.ts";
import type { Finding } from "../resources/finding.ts";
import { formatPath, formatReference, type Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";

/** A match in the tables that it competes in, and what always beats it there. */
interface Standing {
  readonly origin: Origin;
  tables: number;
  readonly beaten: { readonly hostname: string; readonly by: Origin }[];
}

/**
 * Matches that never get a request, since another that comes first has all of them: read from the very tables that Envoy is
 * given, so that the specification's order is applied already.
 *
 * Told are matches that are beaten wherever they compete, and those that lose a hostname to another route that names it too.
 */
export function shadowedRules(analysed: Analysed): readonly Finding[] {
  const standings = new Map<string, Standing>();
  for (const [, table] of sorted(analysed.semantics.hostTables)) addStandings(table, standings);
  return [...standings.values()].flatMap(({ origin, tables, beaten }): readonly Finding[] => {
    const lost =
      beaten.length === tables ? beaten : beaten.filter(({ hostname, by }) => bothName(analysed, hostname, origin, by));
    const [first] = lost;
    if (first === undefined) return [];
    const hosts = lost.length === tables ? "" : ` for ${[...new Set(lost.map(({ hostname }) => hostname))].join(", ")}`;
    return [
      {
        severity: "warning",
        code: "shadowed-rule",
        message: `No request${hosts} reaches this match: ${describe(first.by, origin)} matches all of them, and comes first.`,
        remedy: "Remove it, make it more specific, or remove the other.",
        origin,
      },
    ];
  });
}

function addStandings({ hostname, rules }: HostTable, standings: Map<string, Standing>): void {
  for (const [index, { match, origin }] of rules.entries()) {
    const key = `${formatReference(origin.resource)} ${formatPath(origin.path)}`;
    const standing = standings.get(key) ?? { origin, tables: 0, beaten: [] };
    standings.set(key, standing);
    standing.tables++;
    const winner = rules.slice(0, index).find((earlier) => coversMatch(earlier.match, match));
    if (winner !== undefined) standing.beaten.push({ hostname, by: winner.origin });
  }
}

function bothName({ semantics }: Analysed, hostname: string, left: Origin, right: Origin): boolean {
  const names = ({ resource: { kind, namespace, name } }: Origin) =>
    semantics.attachments.get(`${kind}/${namespace}/${name}`)?.route.hostnames?.includes(hostname) === true;
  return formatReference(left.resource) !== formatReference(right.resource) && names(left) && names(right);
}

function describe(winner: Origin, loser: Origin): string {
  const path = formatPath(winner.path);
  const isSame = formatReference(winner.resource) === formatReference(loser.resource);
  return isSame ? path : `${path} of ${formatReference(winner.resource)}`;
}

/**
 * Whether every request that `inner` matches is one that `outer` matches. Of regular expressions only what is certain: equal
 * ones, those that match everything, and those that match an exact value.
 *
 * @example coversMatch({ path: prefix("/a"), … }, { path: exact("/a/b"), … })  // true
 */
export function coversMatch(outer: RequestMatch, inner: Rule["match"]): boolean {
  return (
    coversPath(outer.path, inner.path) &&
    (outer.method === undefined || outer.method === inner.method) &&
    (outer.grpc !== true || inner.grpc === true) &&
    coverValues(outer.headers, inner.headers) &&
    coverValues(outer.queryParams, inner.queryParams)
  );
}

function coversPath(outer: PathMatch, inner: PathMatch): boolean {
  if (outer.type === inner.type && outer.value === inner.value) return true;
  switch (outer.type) {
    case "Exact":
      return false;
    case "PathPrefix": {
      const prefix = outer.value.replace(/\/+$/, "");
      if (prefix === "") return true;
      return inner.type !== "RegularExpression" && (inner.value === prefix || inner.value.startsWith(`${prefix}/`));
    }
    case "RegularExpression":
      return /^\^?\/?\.\*\$?$/.test(outer.value) || (inner.type === "Exact" && matches(outer.value, inner.value));
  }
}

function coverValues(outer: readonly ValueMatch[], inner: readonly ValueMatch[]): boolean {
  return outer.every((wanted) => {
    const given = inner.find(({ name }) => name === wanted.name);
    if (given === undefined) return false;
    if (given.type === wanted.type && given.value === wanted.value) return true;
    return wanted.type === "RegularExpression" && given.type === "Exact" && matches(wanted.value, given.value);
  });
}

function matches(expression: string, value: string): boolean {
  try {
    return RE2JS.compile(expression).matches(value);
  } catch {
    return false;
  }
}
