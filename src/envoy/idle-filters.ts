import type { Any } from "@bufbuild/protobuf/wkt";
import type { HostTable } from "../ir/host-table.ts";
import type { Rule } from "../ir/rule.ts";
import { CORS } from "./cors.ts";
import { EXTERNAL_AUTH, LISTENER_AUTH } from "./external-auth.ts";
import { disabled, fixDisabled } from "./fix.ts";
import { SESSION_PERSISTENCE } from "./session-persistence.ts";

/**
 * What an exact table says of the filters that its requests don't need, so that Envoy makes none of them: a filter that does
 * nothing costs a request about as much as one of its labels in the metrics.
 *
 * Envoy reads it when it makes a request's filters, of the table that the scope header names then. Where the table can be
 * another one afterwards, all stay: in a table that requests are led to, and in one with authorizations, after which
 * the rule is chosen anew, perhaps from a version of the table that came meanwhile and protects it.
 */
export function idleFilters(table: HostTable): Readonly<Record<string, Any>> {
  if (table.hostname.startsWith("*")) return {};
  if ((table.authorizations ?? []).length > 0) return fixDisabled;
  const idle = [
    ...LISTENER_AUTH,
    ...(table.rules.some(({ cors }) => cors !== undefined) ? [] : [CORS]),
    ...(table.rules.some(({ externalAuth }) => externalAuth !== undefined) ? [] : [EXTERNAL_AUTH]),
    ...(table.rules.some(keepsSessions) ? [] : [SESSION_PERSISTENCE]),
  ];
  return { ...fixDisabled, ...Object.fromEntries(idle.map((filter) => [filter, disabled])) };
}

function keepsSessions({ action }: Rule): boolean {
  return (
    action.kind === "forward" && action.destinations.some(({ sessionPersistence }) => sessionPersistence !== undefined)
  );
}
