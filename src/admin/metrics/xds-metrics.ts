import type { ResourceBatch } from "../../sources/source.ts";
import type { XdsObserver } from "../../xds/observer.ts";
import type { Instruments } from "./instruments.ts";

/** How many batches are remembered by the moment that they came: changes of older ones count as `other`. */
const rememberedBatches = 1_000;

/** What the xDS server does, and how long a change takes to arrive. */
export interface XdsMetrics {
  readonly observer: XdsObserver;
  /** One batch of a source was turned into configuration and status. */
  readonly applied: (batch: ResourceBatch, seconds: number) => void;
}

export function xdsMetrics(instruments: Instruments): XdsMetrics {
  const eventToAck = instruments.histogram(
    "gatewright_event_to_ack_seconds",
    "Time from the event that a change comes from (of a file, or of the API server) to Envoy's acknowledgement, by kind of the object that changed (several, where they came together; other, where it was no object: an Envoy that connects, say) and type of the Envoy resource that came of it.",
    ["kind", "type"],
  );
  const transactions = instruments.histogram(
    "gatewright_transaction_seconds",
    "Time that it takes to turn one batch of changes into configuration and status.",
  );
  const pushes = instruments.counter("gatewright_xds_pushes_total", "Responses sent to Envoy.", ["type"]);
  const bytes = instruments.counter("gatewright_xds_push_bytes_total", "Bytes of responses sent to Envoy.", ["type"]);
  const resources = instruments.counter(
    "gatewright_xds_push_resources_total",
    "Resources in responses sent to Envoy, those included that it is told are gone.",
    ["type"],
  );
  const nacks = instruments.counter("gatewright_xds_nacks_total", "Responses that Envoy refused.", ["type"]);
  const rejections = new Map<string, string>();
  instruments.gauge(
    "gatewright_xds_rejected_resources",
    "Resources of which Envoy refused the present version: it has them without what is to blame, or as they were before.",
    ["type"],
    (set) => {
      for (const [type, count] of countBy(rejections.values(), (one) => one)) set(count, { type });
    },
  );
  const kinds = new Map<number, string>();
  return {
    applied({ since, changes }, duration) {
      transactions.observe(duration);
      if (since === undefined) return;
      kinds.set(since, kindOf(changes));
      const oldest = kinds.size > rememberedBatches ? kinds.keys().next() : undefined;
      if (oldest !== undefined && oldest.done !== true) kinds.delete(oldest.value);
    },
    observer: {
      responseSent: (event) => {
        const type = shortType(event.typeUrl);
        pushes.inc({ type });
        bytes.inc({ type }, event.bytes);
        resources.inc({ type }, event.resources + event.removed);
      },
      acknowledged: ({ typeUrl, changedAt, changeMilliseconds }) => {
        const labels = { kind: kinds.get(changedAt) ?? "other", type: shortType(typeUrl) };
        eventToAck.observe(labels, changeMilliseconds / 1000);
      },
      refused: (event) => nacks.inc({ type: shortType(event.typeUrl) }),
      rejected: (event) => void rejections.set(rejectionKey(event), shortType(event.typeUrl)),
      accepted: (event) => void rejections.delete(rejectionKey(event)),
    },
  };
}

export function countBy<Value>(values: Iterable<Value>, keyOf: (value: Value) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return counts;
}

function kindOf(changes: ResourceBatch["changes"]): string {
  const [first, ...others] = new Set(changes.map(({ kind }) => kind));
  return others.length > 0 ? "several" : (first ?? "other");
}

/** @example shortType("type.googleapis.com/envoy.config.cluster.v3.Cluster")  // "Cluster" */
function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
}

function rejectionKey({ proxy, typeUrl, name }: Parameters<NonNullable<XdsObserver["accepted"]>>[0]): string {
  return `${typeUrl}|${proxy}|${name}`;
}
