import { deepEqual, equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { isFalse, isTrue } from "./condition.ts";
import type { ListenerCandidate } from "./listener.ts";
import { chainName, distinguish } from "./listener-conflict.ts";
import { allResolved } from "./problem.ts";

const created = { old: "2026-01-01T00:00:00Z", new: "2026-02-02T00:00:00Z" } as const;

/** `old:http HTTP a.example.com`: the Gateway's name, which is its age too, the listener's, its protocol and hostname. */
function candidate(text: string): ListenerCandidate {
  const [key = "", protocol = "", hostname = "*"] = text.split(" ");
  const [gateway = "", name = ""] = key.split(":");
  const age = gateway === "old" || gateway === "new" ? created[gateway] : undefined;
  return {
    key: `default/${gateway}/${name}`,
    name,
    gateway: { key: `default/${gateway}`, created: age },
    parent: { kind: "Gateway", key: `default/${gateway}`, created: age, namespace: "default" },
    socket: { proxy: "proxy", port: 80, transport: "TCP" },
    protocol,
    hostname,
    tlsMode: undefined,
    kinds: [],
    namespaces: { from: "Same" },
    certificates: [],
    filters: { problems: [] },
    accepted: protocol === "ODD" ? isFalse("Accepted", "UnsupportedProtocol", "") : isTrue("Accepted", "Accepted", ""),
    problems: [],
    notEnforced: [],
    resolvedRefs: allResolved,
    origin: { resource: { group: "", kind: "Gateway", name: gateway }, path: [] },
  };
}

/** Reasons by listener: of Conflicted if it is True, or of Accepted if that is False. */
function reasons(...texts: readonly string[]): Readonly<Record<string, string>> {
  const candidates = texts.map(candidate);
  const outcome = distinguish(candidates.map((value) => ({ key: value.key, value })));
  return Object.fromEntries(
    candidates.map(({ key }) => {
      const { conflicted, unavailable } = outcome.get(key) ?? {};
      const reason = conflicted?.status === "True" ? conflicted.reason : (unavailable?.reason ?? conflicted?.reason);
      return [key.replace("default/", "").replace("/", ":"), reason ?? "not looked at"];
    }),
  );
}

const fine = "NoConflicts";

describe("listeners of one Gateway on one socket", () => {
  test("are distinct by hostname", () => {
    deepEqual(reasons("g:a HTTP a.com", "g:b HTTP *.com", "g:c HTTP"), { "g:a": fine, "g:b": fine, "g:c": fine });
  });

  test("with one hostname are all refused, and the others are not", () => {
    const conflict = "HostnameConflict";
    deepEqual(reasons("g:a HTTP a.com", "g:b HTTP a.com", "g:c HTTP a.com", "g:d HTTP b.com"), {
      "g:a": conflict,
      "g:b": conflict,
      "g:c": conflict,
      "g:d": fine,
    });
  });

  for (const [left, right, reason] of [
    ["HTTP a.com", "HTTPS b.com", "ProtocolConflict"],
    ["HTTP a.com", "TLS b.com", "ProtocolConflict"],
    ["TCP", "TLS b.com", "ProtocolConflict"],
    ["TCP", "HTTP", "ProtocolConflict"],
    ["TCP", "TCP", "ProtocolConflict"],
    ["UDP", "UDP", "ProtocolConflict"],
    ["HTTPS a.com", "TLS a.com", "ProtocolConflict"],
    ["HTTPS a.com", "TLS b.com", fine],
    ["HTTPS", "HTTPS", "HostnameConflict"],
    ["TLS a.com", "TLS a.com", "HostnameConflict"],
  ] as const) {
    test(`${left} and ${right}: ${reason}`, () => {
      deepEqual(reasons(`g:l ${left}`, `g:r ${right}`), { "g:l": reason, "g:r": reason });
    });
  }

  test("of a protocol that is not served conflict with nothing", () => {
    deepEqual(reasons("g:a HTTP", "g:b ODD"), { "g:a": fine, "g:b": "not looked at" });
  });
});

describe("listeners of Gateways that share a socket", () => {
  test("the older Gateway keeps it; one without a creation time is the newest", () => {
    deepEqual(reasons("undated:l HTTP", "new:l HTTP", "old:l HTTP"), {
      "undated:l": "PortUnavailable",
      "new:l": "PortUnavailable",
      "old:l": fine,
    });
  });

  test("share a port by hostname", () => {
    deepEqual(reasons("new:l HTTP a.com", "old:l HTTP b.com"), { "new:l": fine, "old:l": fine });
  });

  for (const [holder, late] of [
    ["HTTP a.com", "HTTPS b.com"],
    ["TCP", "HTTP"],
    ["HTTPS a.com", "TLS a.com"],
    ["TCP", "TCP"],
  ] as const) {
    test(`${late} does not fit beside ${holder}`, () => {
      deepEqual(reasons(`new:l ${late}`, `old:l ${holder}`), { "new:l": "PortUnavailable", "old:l": fine });
    });
  }

  test("what the older Gateway conflicts over in itself is held by nobody", () => {
    deepEqual(reasons("old:a HTTP", "old:b HTTP", "new:l HTTP"), {
      "old:a": "HostnameConflict",
      "old:b": "HostnameConflict",
      "new:l": fine,
    });
  });

  test("what the newer Gateway was refused is free for a third one", () => {
    deepEqual(reasons("old:l HTTP a.com", "new:l HTTPS b.com", "undated:l HTTP b.com"), {
      "old:l": fine,
      "new:l": "PortUnavailable",
      "undated:l": fine,
    });
  });

  test("the message names the holder and the ways out", () => {
    const [late, holder] = [candidate("new:l HTTP"), candidate("old:web HTTP")];
    const outcome = distinguish([late, holder].map((value) => ({ key: value.key, value })));
    match(
      outcome.get(late.key)?.unavailable?.message ?? "",
      /held by listener "web" of the older Gateway default\/old/,
    );
  });
});

describe("chainName", () => {
  for (const [address, serverName, expected] of [
    [undefined, undefined, "443"],
    [undefined, "*", "443~*"],
    ["127.0.0.1", undefined, "127.0.0.1~443"],
    ["::1", "a.com", "--1~443~a.com"],
  ] as const) {
    test(`${address ?? "any address"}, ${serverName ?? "no SNI"}: ${expected}`, () => {
      const socket = {
        proxy: "proxy",
        port: 443,
        transport: "TCP" as const,
        ...(address === undefined ? {} : { address }),
      };
      equal(chainName(socket, serverName), expected);
    });
  }
});
