import type { HTTPRouteFilter } from "../resources/generated/gateway-api.ts";
import type { FieldPath } from "../resources/origin.ts";
import type { CompiledRule } from "./compiled-route.ts";
import { ifSet, type UnenforcedField } from "./not-enforced.ts";

/** What of a rule of an HTTPRoute or GRPCRoute says how backends are sent to. */
interface SendingRule {
  readonly filters?: readonly { readonly type: string }[];
  readonly timeouts?: object;
  readonly retry?: { readonly attempts?: number; readonly codes?: readonly number[]; readonly backoff?: string };
  readonly sessionPersistence?: object;
}

/**
 * Fields of a rule that have nothing to do there: they say how backends are sent to, and requests are answered with a redirect,
 * or there is no backend. What only waits for a backend that can't be resolved yet is none of them.
 *
 * @returns undefined for a rule that sends
 */
export function idleFields(
  { filters = [], timeouts, retry, sessionPersistence }: SendingRule,
  action: CompiledRule["action"],
  path: FieldPath,
): readonly UnenforcedField[] | undefined {
  const because =
    action.kind === "redirect"
      ? "The rule redirects requests, and sends none to a backend."
      : action.kind === "respond" && action.reason === "no_backend"
        ? "The rule has no backend to send to."
        : undefined;
  if (because === undefined) return undefined;
  return [
    ...filters.flatMap(({ type }, index) =>
      type === "RequestMirror" || (type === "URLRewrite" && action.kind === "respond")
        ? [{ path: [...path, "filters", index], because }]
        : [],
    ),
    ...ifSet(timeouts, [...path, "timeouts"], because),
    ...ifSet(retry, [...path, "retry"], because),
    ...ifSet(sessionPersistence, [...path, "sessionPersistence"], because),
  ];
}

/** Gateway API, HTTPRouteRetry: with 0 attempts nothing is tried again. */
export function idleRetry({ retry }: SendingRule, path: FieldPath): readonly UnenforcedField[] {
  if (retry?.attempts !== 0) return [];
  const because = "With 0 attempts nothing is tried again.";
  return [
    ...ifSet(retry.codes, [...path, "retry", "codes"], because),
    ...ifSet(retry.backoff, [...path, "retry", "backoff"], because),
  ];
}

/** Gateway API, HTTPCORSFilter.exposeHeaders: where credentials are allowed, `*` names no header. */
export function idleWildcards(filters: readonly HTTPRouteFilter[] = [], path: FieldPath): readonly UnenforcedField[] {
  return filters.flatMap(({ cors }, index) =>
    (cors?.exposeHeaders ?? []).flatMap((name, position) =>
      name === "*" && cors?.allowCredentials === true
        ? [
            {
              path: [...path, "filters", index, "cors", "exposeHeaders", position],
              because: "With allowCredentials, browsers take * for the name of a header: name those that are meant.",
            },
          ]
        : [],
    ),
  );
}
