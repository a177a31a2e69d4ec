import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { XdsObserver } from "../xds/observer.ts";

/** What the metrics read when they are scraped. */
export interface MetricSources {
  /** Objects that are served, by kind. */
  readonly objects: () => ReadonlyMap<string, number>;
  /** Findings of severity error: documents that were refused, or stay as they last were. */
  readonly refusedDocuments: () => number;
  readonly connectedProxies: () => number;
}

export interface Metrics {
  readonly registry: Registry;
  /** Everything in Prometheus' text format. */
  render(): Promise<string>;
  /** Counts what the xDS server does. */
  readonly observer: XdsObserver;
  envoyRestarted(): void;
  /** One batch of a source was turned into configuration and status. */
  transaction(seconds: number): void;
}

const seconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** Prometheus metrics of Gatewright itself. Envoy's own are Envoy's. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const eventToAck = new Histogram({
    name: "gatewright_event_to_ack_seconds",
    help: "Time from the event that a change comes from (of a file, say) to Envoy's acknowledgement, by type of resource.",
    labelNames: ["type"],
    buckets: seconds,
    registers,
  });
  const transactions = new Histogram({
    name: "gatewright_transaction_seconds",
    help: "Time that it takes to turn one batch of changes into configuration and status.",
    buckets: seconds,
    registers,
  });
  const pushes = counter("gatewright_xds_pushes_total", "Responses sent to Envoy.", ["type"], registers);
  const bytes = counter("gatewright_xds_push_bytes_total", "Bytes of responses sent to Envoy.", ["type"], registers);
  const nacks = counter("gatewright_xds_nacks_total", "Responses that Envoy refused.", ["type"], registers);
  const rejected = gauge(
    "gatewright_xds_rejected_resources",
    "Resources of which Envoy refused the present version: it has them without what is to blame, or as they were before.",
    ["type"],
    registers,
  );
  const restarts = counter("gatewright_envoy_restarts_total", "Times that Envoy was started again.", [], registers);
  const resources = gauge("gatewright_resources", "Objects that are served.", ["kind"], registers);
  const refused = gauge(
    "gatewright_refused_documents",
    "Documents with an error, which are not served as they stand.",
    [],
    registers,
  );
  const connected = gauge("gatewright_connected_proxies", "Envoys that are connected.", [], registers);
  const rejections = new Set<string>();
  const countRejections = (): void => {
    rejected.reset();
    for (const key of rejections) rejected.inc({ type: key.slice(0, key.indexOf("|")) });
  };
  return {
    registry,
    render: () => {
      resources.reset();
      for (const [kind, number] of sources.objects()) resources.set({ kind }, number);
      refused.set(sources.refusedDocuments());
      connected.set(sources.connectedProxies());
      return registry.metrics();
    },
    envoyRestarted: () => restarts.inc(),
    transaction: (duration) => transactions.observe(duration),
    observer: {
      responseSent: (event) => {
        const type = shortType(event.typeUrl);
        pushes.inc({ type });
        bytes.inc({ type }, event.bytes);
      },
      acknowledged: (event) => eventToAck.observe({ type: shortType(event.typeUrl) }, event.changeMilliseconds / 1000),
      refused: (event) => nacks.inc({ type: shortType(event.typeUrl) }),
      rejected: (event) => {
        rejections.add(rejectionKey(event));
        countRejections();
      },
      accepted: (event) => {
        rejections.delete(rejectionKey(event));
        countRejections();
      },
    },
  };
}

/** @example shortType("type.googleapis.com/envoy.config.cluster.v3.Cluster")  // "Cluster" */
function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
}

function rejectionKey({ proxy, typeUrl, name }: Parameters<NonNullable<XdsObserver["accepted"]>>[0]): string {
  return `${shortType(typeUrl)}|${proxy}|${name}`;
}

function counter(name: string, help: string, labelNames: readonly string[], registers: Registry[]): Counter {
  return new Counter({ name, help, labelNames: [...labelNames], registers });
}

function gauge(name: string, help: string, labelNames: readonly string[], registers: Registry[]): Gauge {
  return new Gauge({ name, help, labelNames: [...labelNames], registers });
}
