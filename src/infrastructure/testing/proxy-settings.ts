import type { ProxySettings } from "../proxy-container.ts";

/** Of a controller in gatewright-system. */
export const settings: ProxySettings = {
  image: "gatewright:test",
  xds: { host: "gatewright.gatewright-system.svc", port: 18_000, serverName: "gatewright.gatewright-system.svc" },
};
