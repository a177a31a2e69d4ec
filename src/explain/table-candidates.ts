import type { HostTable } from "../ir/host-table.ts";
import type { Rule } from "../ir/rule.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { Candidate } from "./explanation.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { ruleMismatches } from "./rule-outcome.ts";
import { matchText, ruleName } from "./rule-step.ts";

/**
 * The other rules of the host table that was chosen: those that were tried before the winner and why they do not match, and
 * those after it that would match, too. Those that come closest first.
 */
export function tableCandidates(
  explained: Explained,
  { rules }: HostTable,
  request: ReceivedRequest,
  winner: Rule | undefined,
): readonly Candidate[] {
  const place = winner === undefined ? rules.length : rules.indexOf(winner);
  return rules
    .flatMap((rule, index): readonly { readonly candidate: Candidate; readonly distance: number }[] => {
      if (index === place) return [];
      const wrong = ruleMismatches(rule, request);
      if (index > place && wrong.length > 0) return [];
      const candidate: Candidate = {
        kind: "rule",
        name: `${ruleName(rule)} (${matchText(rule.match)})`,
        place: placeOf(explained, rule.origin),
        ...(wrong.length > 0
          ? {
              reason: "does-not-match" as const,
              message: `does not match: ${wrong.map(({ message }) => message).join("; ")}`,
            }
          : {
              reason: "comes-later" as const,
              message: winner === undefined ? "" : `matches, too, and comes later: ${precedence(winner, rule)}`,
            }),
      };
      return [{ candidate, distance: wrong.length }];
    })
    .sort((left, right) => left.distance - right.distance)
    .map(({ candidate }) => candidate);
}

/** Why one rule comes before another; see `compareCompetitors`, whose order this only words. */
function precedence(first: Rule, second: Rule): string {
  const [a, b] = [first.match, second.match];
  if (a.path.type !== b.path.type) return `${a.path.type} paths come before ${b.path.type} paths`;
  if (a.path.value.length !== b.path.value.length) return "the longer path comes first";
  if ((a.method === undefined) !== (b.method === undefined)) return "a rule with a method comes first";
  if (a.headers.length !== b.headers.length) return "more headers come first";
  if (a.queryParams.length !== b.queryParams.length) return "more query parameters come first";
  const same =
    first.origin.resource.kind === second.origin.resource.kind &&
    first.origin.resource.namespace === second.origin.resource.namespace &&
    first.origin.resource.name === second.origin.resource.name;
  return same
    ? "of one route's rules the first wins"
    : "the route with the more specific hostname, then the older one, then the first of the alphabet wins";
}
