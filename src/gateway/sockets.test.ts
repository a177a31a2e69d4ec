import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import type { FilterChain } from "../ir/listener.ts";
import { type ListenerChains, socketListener } from "./sockets.ts";

const socket = { proxy: "local", port: 80, transport: "TCP" } as const;

function listenerOf(gateway: string): ListenerChains {
  const origin = { resource: { group: "gateway.networking.k8s.io", kind: "Gateway", name: gateway }, path: [] };
  const chain: FilterChain = { kind: "http", name: "80", serverNames: [], gateway, origins: [origin] };
  return { socket, chains: [chain] };
}

describe("the Gateway of an HTTP chain", () => {
  for (const [gateways, expected] of [
    [["shop/edge"], "shop/edge"],
    [["shop/edge", "shop/edge"], "shop/edge"],
    [["shop/edge", "shop/other"], undefined],
    [["shop/edge", "shop/other", "shop/edge"], undefined],
  ] as const) {
    test(`of listeners of ${gateways.join(", ")}: ${expected ?? "none"}`, () => {
      const chains = socketListener(gateways.map(listenerOf), undefined)?.chains ?? [];
      deepEqual(
        chains.map(({ gateway, origins }) => [gateway, origins.length]),
        [[expected, gateways.length]],
      );
    });
  }
});
