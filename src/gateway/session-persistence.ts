import { createHash } from "node:crypto";
import type { SessionPersistence } from "../ir/rule.ts";
import type { SessionPersistence as SessionPersistenceSpec } from "../resources/generated/gateway-api.ts";
import { milliseconds } from "./duration.ts";
import type { Route } from "./route.ts";

/** What of a rule's session persistence is done, and the fields below it that are not. */
export interface CompiledSessionPersistence {
  readonly session?: SessionPersistence;
  readonly notEnforced: readonly string[];
}

/**
 * Gateway API, SessionPersistence: a cookie unless it says Header; its name is made up where none is given, and stays the same
 * for `owner`.
 *
 * Envoy counts a cookie's lifetime where the cookie itself carries it (Permanent), and knows no end of other sessions. The
 * choice between weighted backends comes first, so that a session is kept within each of them alone.
 */
export function compileSessionPersistence(
  spec: SessionPersistenceSpec | undefined,
  owner: string,
  weightedBackends: number,
): CompiledSessionPersistence {
  if (spec === undefined) return { notEnforced: [] };
  const permanent = spec.type !== "Header" && spec.cookie?.lifetimeType === "Permanent";
  const lifetime = permanent && spec.absoluteTimeout !== undefined ? milliseconds(spec.absoluteTimeout) : undefined;
  const notEnforced = [
    ...(spec.absoluteTimeout !== undefined && !permanent ? ["sessionPersistence.absoluteTimeout"] : []),
    ...(weightedBackends > 1 ? ["sessionPersistence (between weighted backends)"] : []),
  ];
  if (spec.type === "Header") {
    const name = spec.header?.name.toLowerCase();
    return name === undefined
      ? { notEnforced: ["sessionPersistence"] }
      : { session: { kind: "header", name }, notEnforced };
  }
  return {
    session: {
      kind: "cookie",
      name: spec.cookie?.name ?? `gatewright-${createHash("sha256").update(owner).digest("hex").slice(0, 8)}`,
      path: spec.cookie?.path ?? "/",
      ...(lifetime === undefined ? {} : { lifetimeMilliseconds: lifetime }),
    },
    notEnforced,
  };
}

interface RuleWithSession {
  readonly name?: string;
  readonly matches?: readonly object[];
  readonly backendRefs?: readonly { readonly weight: number }[];
  readonly sessionPersistence?: SessionPersistenceSpec;
}

/** Session persistence of a rule. Its cookie keeps its name when rules change places. */
export function ruleSession(
  { name, matches, backendRefs, sessionPersistence }: RuleWithSession,
  route: Pick<Route, "key">,
): CompiledSessionPersistence {
  const owner = `${route.key}/${name ?? JSON.stringify(matches ?? [])}`;
  return compileSessionPersistence(
    sessionPersistence,
    owner,
    (backendRefs ?? []).filter(({ weight }) => weight > 0).length,
  );
}
