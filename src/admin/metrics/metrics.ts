import { collectDefaultMetrics, Registry } from "prom-client";
import type { ControlPlane } from "../../control-plane/control-plane.ts";
import { Instruments } from "./instruments.ts";
import { type ConnectedProxies, proxyMetrics } from "./proxy-metrics.ts";
import { servedMetrics } from "./served-metrics.ts";
import { type XdsMetrics, xdsMetrics } from "./xds-metrics.ts";

export interface Metrics extends XdsMetrics {
  readonly registry: Registry;
  readonly instruments: Instruments;
  /** Everything in Prometheus' text format. */
  render(): Promise<string>;
  /** From now on, tells what is served and to whom. */
  follow(served: { readonly controlPlane: ControlPlane; readonly proxies: ConnectedProxies }): void;
}

/** Prometheus metrics of Gatewright itself. Envoy's own are Envoy's. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const instruments = new Instruments(registry);
  collectDefaultMetrics({ register: registry });
  instruments.gauge(
    "gatewright_build_info",
    "1, with the version of Gatewright and of Node.js as labels.",
    ["version", "node"],
    (set) => set(1, { version, node: process.versions.node }),
  );
  return {
    ...xdsMetrics(instruments),
    registry,
    instruments,
    render: () => registry.metrics(),
    follow: ({ controlPlane, proxies }) => {
      servedMetrics(instruments, controlPlane);
      proxyMetrics(instruments, proxies);
    },
  };
}

/** Of an Envoy that runs as a child of this process. @returns what is to be called when it was started again */
export function supervisionMetrics({ instruments }: Pick<Metrics, "instruments">): () => void {
  const restarts = instruments.counter(
    "gatewright_envoy_restarts_total",
    "Times that the Envoy on this machine was started again.",
  );
  return () => restarts.inc();
}
