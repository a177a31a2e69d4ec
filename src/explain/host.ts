import { anyHostname } from "../gateway/hostname.ts";

/** What is served on a socket, as far as it decides which host table a request is for. */
export interface Chains {
  /** The chain that a TLS connection was made for, or the only one there is. */
  readonly chain: string;
  /** On a TLS listener, the chain that each server name chooses; `*` for every other connection. */
  readonly serverNames?: ReadonlyMap<string, string>;
  /** Whether that chain has a table for exactly this hostname. */
  readonly has: (hostname: string) => boolean;
}

/** The table of that hostname; or that of another chain, which the client has to ask on a connection of its own. */
export type HostChoice =
  | { readonly kind: "table"; readonly hostname: string }
  | { readonly kind: "misdirected"; readonly hostname: string; readonly chain: string };

/**
 * Which host table serves a request: what the scope keys of `envoy/scope.ts` find, and where they find nothing, the walk of
 * `envoy/fix.ts`.
 *
 * The exact hostname wins, then the longest wildcard, then `*`. On a TLS listener a hostname that another chain covers better
 * is misdirected (421), unless the connection's own chain has a table for exactly it.
 */
export function chooseHost(authority: string, { chain, serverNames, has }: Chains): HostChoice {
  const table = (hostname: string): HostChoice => ({ kind: "table", hostname });
  const beforePort = authority.split(":", 1)[0] ?? "";
  if (has(beforePort) && !beforePort.startsWith("*")) return table(beforePort);
  const elsewhere = (hostname: string): HostChoice | undefined => {
    const other = serverNames?.get(hostname);
    return other === undefined || other === chain ? undefined : { kind: "misdirected", hostname, chain: other };
  };
  const written = /^[^:[]*/.exec(authority)?.[0] ?? "";
  if (written !== "" && written.length <= longestName) {
    const host = written.toLowerCase().replace(/\.$/, "");
    if (host !== beforePort && has(host)) return table(host);
    const other = elsewhere(host);
    if (other !== undefined) return other;
    for (let rest = host, dot = rest.indexOf("."); dot !== -1; dot = rest.indexOf(".")) {
      rest = rest.slice(dot + 1);
      const wildcard = `*.${rest}`;
      if (has(wildcard)) return table(wildcard);
      const covered = elsewhere(wildcard);
      if (covered !== undefined) return covered;
    }
  }
  return elsewhere(anyHostname) ?? table(anyHostname);
}

/**
 * The name that a Host header means, without port.
 *
 * @example bareHost("A.example.com.:80")  // "a.example.com"
 */
export function bareHost(authority: string): string {
  return authority
    .replace(/:[^:\]]*$/, "")
    .toLowerCase()
    .replace(/\.$/, "");
}

/** As long as a name in DNS can be. */
const longestName = 254;
