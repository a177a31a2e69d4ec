import { serverNamesOf } from "../envoy/fix.ts";
import type { Options } from "../envoy/options.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { HttpChain, Listener } from "../ir/listener.ts";
import type { Rule } from "../ir/rule.ts";
import { type ChainChoice, chooseChain } from "./chain.ts";
import { chooseHost, type HostChoice } from "./host.ts";
import { type EarlyAnswer, type ReceivedRequest, receive } from "./received-request.ts";
import type { Request } from "./request.ts";
import { type RuleOutcome, ruleMismatches, ruleOutcome } from "./rule-outcome.ts";

/** What is served: the IR that Envoy's configuration is made from, and how it is made. */
export interface Served {
  readonly table: (chain: string, hostname: string) => HostTable | undefined;
  readonly options: Options;
}

/** What becomes of a request on one socket. Everything up to where it was decided is in it. */
export type Decision =
  /** No HTTP is spoken: the connection is closed. */
  | { readonly kind: "closed"; readonly choice: Exclude<ChainChoice, { readonly kind: "chain" }> }
  | { readonly kind: "answered"; readonly chain: HttpChain; readonly answer: EarlyAnswer }
  | {
      readonly kind: "misdirected";
      readonly chain: HttpChain;
      readonly request: ReceivedRequest;
      readonly choice: Extract<HostChoice, { readonly kind: "misdirected" }>;
    }
  | {
      readonly kind: "no-rule";
      readonly chain: HttpChain;
      readonly request: ReceivedRequest;
      readonly table: HostTable | undefined;
    }
  | {
      readonly kind: "rule";
      readonly chain: HttpChain;
      readonly request: ReceivedRequest;
      readonly table: HostTable;
      readonly rule: Rule;
      readonly outcome: RuleOutcome;
    };

/** Which rule answers a request that comes to a listener, or why none does: as Envoy decides it, step by step. */
export function decide(listener: Listener, request: Request, { table: tableOf, options }: Served): Decision {
  const choice = chooseChain(listener, request);
  if (choice.kind !== "chain") return { kind: "closed", choice };
  const { chain } = choice;
  const reception = receive(request);
  if (reception.kind === "answered") return { kind: "answered", chain, answer: reception.answer };
  const { request: received } = reception;
  const serverNames = serverNamesOf(listener);
  const host = chooseHost(received.authority, {
    chain: chain.name,
    ...(serverNames !== undefined && { serverNames }),
    has: (hostname) => tableOf(chain.name, hostname) !== undefined,
  });
  if (host.kind === "misdirected") return { kind: "misdirected", chain, request: received, choice: host };
  const table = tableOf(chain.name, host.hostname);
  const rule = table?.rules.find((candidate) => ruleMismatches(candidate, received).length === 0);
  if (table === undefined || rule === undefined) return { kind: "no-rule", chain, request: received, table };
  const outcome = ruleOutcome(rule, received, table.hostname, options);
  return { kind: "rule", chain, request: received, table, rule, outcome };
}
