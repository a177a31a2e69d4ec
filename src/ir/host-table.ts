import type { ExternalAuth, Rule } from "./rule.ts";

/** How many authorizations a table can have: each costs every connection manager a filter. */
export const maximalAuthorizations = 2;

/**
 * What one hostname of one HTTP filter chain serves: the unit of recompute, of cached bytes, of the xDS push, of NACK
 * isolation and of `explain`.
 *
 * The first rule that matches wins; a request that none matches gets 404, and never falls through to another table. A
 * request on a TLS connection whose host is rather one of another chain of the listener gets 421 (Misdirected Request).
 */
export interface HostTable {
  /** The Envoy fleet that serves it. */
  readonly proxy: string;
  /** Name of the {@link HttpChain}. */
  readonly chain: string;
  /** `a.example.com`, `*.example.com` (one label or more), or `*` for every other host. Lower-case. */
  readonly hostname: string;
  /** At most {@link maximalAuthorizations}. Asked in this order about every request, before a rule is looked for; what they add to it counts for the choice. */
  readonly authorizations?: readonly ExternalAuth[];
  readonly rules: readonly Rule[];
}

/** Key of a table among all tables. */
export function hostTableKey(table: Pick<HostTable, "proxy" | "chain" | "hostname">): string {
  return `${table.proxy}|${table.chain}/${table.hostname}`;
}
