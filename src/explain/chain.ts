import { wildcardsOver } from "../gateway/hostname.ts";
import type { FilterChain, HttpChain, Listener } from "../ir/listener.ts";
import type { Request } from "./request.ts";

/** Which filter chain of a listener takes an HTTP request's connection, or why it comes to nothing. */
export type ChainChoice =
  | { readonly kind: "chain"; readonly chain: HttpChain }
  /** No chain is for that server name. */
  | { readonly kind: "no-chain"; readonly cause: string }
  /** The chain is there, and speaks something else. */
  | { readonly kind: "wrong-protocol"; readonly chain: FilterChain; readonly cause: string };

/** Envoy's `filter_chain_match`: the exact server name, then the longest wildcard, then the chain without names. */
export function chooseChain(listener: Listener, { scheme, serverName }: Request): ChainChoice {
  const chain = chainFor(listener, scheme === "https" ? serverName : undefined);
  if (chain === undefined) {
    return {
      kind: "no-chain",
      cause:
        scheme === "http" ? "the port takes TLS connections only: ask with https://" : noChain(listener, serverName),
    };
  }
  const wrong = (cause: string): ChainChoice => ({ kind: "wrong-protocol", chain, cause });
  if (chain.kind !== "http") {
    return wrong(
      chain.kind === "datagram"
        ? "the port takes UDP"
        : chain.tls === undefined
          ? "its bytes go on as they are (TLS passthrough or TCP), so no HTTP route decides"
          : "what is inside of TLS goes on as it is (a TLSRoute), so no HTTP route decides",
    );
  }
  if (chain.tls === undefined && scheme === "https") return wrong("the port speaks HTTP without TLS: ask with http://");
  if (chain.tls !== undefined && scheme === "http") return wrong("the port speaks TLS: ask with https://");
  return { kind: "chain", chain };
}

/** The chain that takes connections with this server name; undefined: those without one. */
export function chainFor({ chains }: Listener, serverName: string | undefined): FilterChain | undefined {
  const name = serverName?.toLowerCase();
  const wanted = name === undefined ? [] : [name, ...wildcardsOver(name)];
  for (const candidate of wanted) {
    const chain = chains.find(({ serverNames }) => serverNames.includes(candidate));
    if (chain !== undefined) return chain;
  }
  return chains.find(({ serverNames }) => serverNames.length === 0);
}

/** Server names that are listed; a listener may have thousands. */
const mostNames = 10;

/** @example "no listener of the port is for the server name (SNI) b.org, only for *.example.com" */
export function noChain({ chains }: Listener, serverName: string | undefined): string {
  const asked =
    serverName === undefined ? "connections without a server name (SNI)" : `the server name (SNI) ${serverName}`;
  const names = chains.flatMap(({ serverNames }) => serverNames);
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  return `no listener of the port is for ${asked}, only for ${names.slice(0, mostNames).join(", ")}${more}`;
}
