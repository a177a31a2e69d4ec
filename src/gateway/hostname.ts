/**
 * Hostnames as Gateway API writes them: `a.example.com`, or `*.example.com`, whose wildcard stands for one label or
 * more. An absent hostname, written `*` here, stands for every host. All comparisons are between lower-case names.
 */

/** Every host: what an absent hostname means. */
export const anyHostname = "*";

/**
 * Whether every host that `inner` stands for is also one of `outer`'s.
 *
 * @example covers("*.example.com", "a.b.example.com")  // true
 * @example covers("*.example.com", "example.com")  // false
 */
export function covers(outer: string, inner: string): boolean {
  if (outer === anyHostname || outer === inner) return true;
  if (!outer.startsWith("*.")) return false;
  const suffix = outer.slice(1);
  const host = inner.startsWith("*.") ? inner.slice(1) : inner;
  return host.length > suffix.length && host.endsWith(suffix);
}

/**
 * The wildcards that cover a hostname, the most specific first, without itself.
 *
 * @example wildcardsOver("a.b.com")  // ["*.b.com", "*.com", "*"]
 * @example wildcardsOver("*.b.com")  // ["*.com", "*"]
 */
export function wildcardsOver(hostname: string): readonly string[] {
  if (hostname === anyHostname) return [];
  const labels = hostname.split(".");
  const suffixes = labels.slice(hostname.startsWith("*.") ? 2 : 1).map((_, index, rest) => rest.slice(index).join("."));
  return [...suffixes.map((suffix) => `*.${suffix}`), anyHostname];
}

/** A hostname that both stand for, and the name that the route gave, which decides precedence between equal ones. */
export interface HostnameMatch {
  readonly hostname: string;
  readonly original: string;
}

/**
 * Which hostnames a route serves on a listener.
 *
 * Gateway API, HTTPRoute.spec.hostnames: the intersection of the route's hostnames with the listener's. An absent
 * listener hostname accepts all; an absent route hostname takes the listener's.
 *
 * @example intersect("*.example.com", ["a.example.com", "b.org"])  // a.example.com
 */
export function intersect(
  listener: string | undefined,
  route: readonly string[] | undefined,
): readonly HostnameMatch[] {
  const outer = listener?.toLowerCase() ?? anyHostname;
  if (route === undefined || route.length === 0) return [{ hostname: outer, original: anyHostname }];
  const matches = route.flatMap((name): readonly HostnameMatch[] => {
    const original = name.toLowerCase();
    if (covers(outer, original)) return [{ hostname: original, original }];
    if (covers(original, outer)) return [{ hostname: outer, original }];
    return [];
  });
  const best = new Map<string, HostnameMatch>();
  for (const match of matches) {
    const known = best.get(match.hostname);
    if (known === undefined || compareSpecificity(match.original, known.original) < 0) best.set(match.hostname, match);
  }
  return [...best.values()];
}

/**
 * Orders hostnames from the most specific to the least: exact ones first, then longer before shorter.
 *
 * HTTPRoute.spec.hostnames: "Characters in a matching non-wildcard hostname", then "Characters in a matching hostname".
 */
export function compareSpecificity(left: string, right: string): number {
  const exact =
    Number(right !== anyHostname && !right.startsWith("*.")) - Number(left !== anyHostname && !left.startsWith("*."));
  if (exact !== 0) return exact;
  return right.length - left.length;
}

/** The most specific of `hostnames` that covers `hostname`. */
export function mostSpecific(hostnames: readonly string[], hostname: string): string | undefined {
  return hostnames.filter((candidate) => covers(candidate, hostname)).sort(compareSpecificity)[0];
}

/** Whether it names one host, and not many. */
export function isHostname(hostname: string): boolean {
  return hostname !== anyHostname && !hostname.startsWith("*.");
}
