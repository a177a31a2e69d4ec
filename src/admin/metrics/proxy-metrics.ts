import type { Instruments } from "./instruments.ts";

/** What the xDS server knows of the Envoys that are connected to this process. */
export interface ConnectedProxies {
  /** Of each Envoy, for how long it has not had all that it should have; 0 for one that has. */
  behindSeconds(): readonly number[];
}

export function proxyMetrics(instruments: Instruments, proxies: ConnectedProxies): void {
  instruments.gauge(
    "gatewright_connected_proxies",
    "Envoys that are connected to this replica: in_sync, with all that they should have, or behind.",
    ["state"],
    (set) => {
      const behind = proxies.behindSeconds();
      const late = behind.filter((seconds) => seconds > 0).length;
      set(behind.length - late, { state: "in_sync" });
      set(late, { state: "behind" });
    },
  );
  instruments.gauge(
    "gatewright_proxies_behind_seconds",
    "For how long the connected Envoy that is behind the longest has been so; 0 if none is.",
    [],
    (set) => set(Math.max(0, ...proxies.behindSeconds())),
  );
}
