import { createHash } from "node:crypto";
import type { SessionPersistence } from "../ir/rule.ts";
import type { SessionPersistence as SessionPersistenceSpec } from "../resources/generated/gateway-api.ts";
import type { FieldPath } from "../resources/origin.ts";
import { milliseconds } from "./duration.ts";
import { ifSet, type UnenforcedField } from "./not-enforced.ts";

/**
 * Gateway API, SessionPersistence: a cookie unless it says Header; its name is made up where none is given, and stays the same
 * for `owner`.
 *
 * Envoy counts a cookie's lifetime where the cookie itself carries it (Permanent), and knows no end of other sessions.
 */
export function compileSessionPersistence(
  spec: SessionPersistenceSpec | undefined,
  owner: string,
): SessionPersistence | undefined {
  if (spec === undefined) return undefined;
  if (spec.type === "Header") {
    const name = spec.header?.name.toLowerCase();
    return name === undefined ? undefined : { kind: "header", name };
  }
  const lifetime =
    isPermanent(spec) && spec.absoluteTimeout !== undefined ? milliseconds(spec.absoluteTimeout) : undefined;
  return {
    kind: "cookie",
    name: spec.cookie?.name ?? `gatewright-${createHash("sha256").update(owner).digest("hex").slice(0, 8)}`,
    path: spec.cookie?.path ?? "/",
    ...(lifetime === undefined ? {} : { lifetimeMilliseconds: lifetime }),
  };
}

function isPermanent({ type, cookie }: SessionPersistenceSpec): boolean {
  return type !== "Header" && cookie?.lifetimeType === "Permanent";
}

/** What of a session persistence Envoy can't do. */
export function sessionFieldsNotEnforced(
  spec: SessionPersistenceSpec | undefined,
  path: FieldPath,
): readonly UnenforcedField[] {
  if (spec === undefined) return [];
  if (spec.type === "Header" && spec.header === undefined) return [{ path, because: "It names no header." }];
  if (isPermanent(spec)) return [];
  const because = "Envoy ends sessions by the age of a cookie with lifetimeType: Permanent alone.";
  return ifSet(spec.absoluteTimeout, [...path, "absoluteTimeout"], because);
}

/** What a rule says of sessions, and a name for it that stays when rules change places. */
export interface RuleSession {
  readonly spec: SessionPersistenceSpec;
  readonly owner: string;
}

interface RuleWithSession {
  readonly name?: string;
  readonly matches?: readonly object[];
  readonly sessionPersistence?: SessionPersistenceSpec;
}

export function ruleSession(
  { name, matches, sessionPersistence }: RuleWithSession,
  routeKey: string,
): RuleSession | undefined {
  if (sessionPersistence === undefined) return undefined;
  return { spec: sessionPersistence, owner: `${routeKey}/${name ?? JSON.stringify(matches ?? [])}` };
}

/** Who says something of the sessions of one backend of a rule. */
export interface SessionSources {
  /** {@link backendKey}. */
  readonly backend: string;
  readonly ofBackend: SessionPersistenceSpec | undefined;
  readonly ofRule: RuleSession | undefined;
  readonly ofPolicy: SessionPersistenceSpec | undefined;
  /** Whether it shares the rule's traffic with others. */
  readonly weighted: boolean;
}

/**
 * GEP-1619: the backend is chosen first, by the weights, and a session is kept within it. What an XBackend says of itself counts;
 * then, of the two places that are deprecated, the rule, which is closer to the request than the XBackendTrafficPolicy.
 */
export function backendSession(sources: SessionSources): SessionPersistence | undefined {
  const { backend, ofBackend, ofRule, ofPolicy, weighted } = sources;
  if (ofBackend !== undefined) return compileSessionPersistence(ofBackend, backend);
  if (ofRule !== undefined) {
    const owner = weighted ? `${ofRule.owner}/${backend}` : ofRule.owner;
    return compileSessionPersistence(ofRule.spec, owner);
  }
  return compileSessionPersistence(ofPolicy, backend);
}
