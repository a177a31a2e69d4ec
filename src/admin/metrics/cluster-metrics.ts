import type { WriteResult } from "../../cluster/status-writer.ts";
import type { Backlog } from "../../cluster/work-queue.ts";
import type { AnsweredRequest, ReceivedEvents } from "../../kubernetes/client.ts";
import type { Instruments } from "./instruments.ts";

/** What a control plane in a cluster tells of itself. */
export interface ClusterSource {
  readonly leads: boolean;
  /** By what the writer writes. */
  readonly backlogs: Readonly<Record<string, Backlog>>;
}

export interface ClusterMetrics {
  readonly requested: (request: AnsweredRequest) => void;
  readonly received: (events: ReceivedEvents) => void;
  readonly statusWritten: (kind: string, result: WriteResult) => void;
}

/** @param source undefined until the cluster's control plane has been made */
export function clusterMetrics(instruments: Instruments, source: () => ClusterSource | undefined): ClusterMetrics {
  const requests = instruments.counter(
    "gatewright_kubernetes_requests_total",
    "Requests to the API server, by verb, resource and HTTP status (unreachable, where there was no answer). A watch that begins again is a request of verb WATCH.",
    ["verb", "resource", "code"],
  );
  const events = instruments.counter(
    "gatewright_kubernetes_watch_events_total",
    "Events that came on watches of the API server, by resource, bookmarks aside. What others own costs its event and nothing more.",
    ["resource"],
  );
  const writes = instruments.counter(
    "gatewright_status_writes_total",
    "Attempts to write a status, by kind of the object and result: written, conflict (somebody else wrote; it is compared anew), refused, unreachable.",
    ["kind", "result"],
  );
  instruments.gauge("gatewright_leader", "Whether this replica is the one that writes (1) or not (0).", [], (set) =>
    set(source()?.leads === true ? 1 : 0),
  );
  instruments.gauge(
    "gatewright_queue_keys",
    "Objects that a writer has yet to bring in line, those that failed and wait for another try included. A replica that does not lead keeps them for the day that it does.",
    ["queue"],
    (set) => {
      for (const [queue, { keys }] of Object.entries(source()?.backlogs ?? {})) set(keys, { queue });
    },
  );
  instruments.gauge(
    "gatewright_queue_oldest_seconds",
    "How long the oldest of them has waited; 0 where there is none.",
    ["queue"],
    (set) => {
      for (const [queue, { oldestSeconds }] of Object.entries(source()?.backlogs ?? {})) set(oldestSeconds, { queue });
    },
  );
  return {
    requested: ({ verb, resource, code }) =>
      requests.inc({ verb, resource, code: code === 0 ? "unreachable" : String(code) }),
    received: ({ resource, count }) => events.inc({ resource }, count),
    statusWritten: (kind, result) => writes.inc({ kind, result }),
  };
}
