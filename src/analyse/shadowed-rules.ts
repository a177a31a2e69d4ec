import type { HostTable } from "../ir/host-table.ts";
import type { Finding } from "../resources/finding.ts";
import { formatPath, formatReference, type Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { coversMatch } from "./match-cover.ts";

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
