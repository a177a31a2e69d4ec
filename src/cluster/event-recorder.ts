import { randomBytes } from "node:crypto";
import { controllerName } from "../gateway/class.ts";
import type { ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { microTime } from "../kubernetes/micro-time.ts";
import { statusEvents } from "../status/status-events.ts";
import type { LiveObject } from "./live-objects.ts";

export interface EventRecorderOptions {
  readonly client: KubernetesClient;
  /** Which replica we are. */
  readonly identity: string;
  readonly apiVersionOf: (group: string, kind: string) => string | undefined;
  readonly failed: (error: unknown) => void;
  readonly now?: () => number;
}

const events: ApiResource = {
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  namespaced: true,
};

/** An event that says what was said of the same object so recently is left out: API servers keep events for an hour. */
const repeatMs = 30 * 60 * 1000;
const longestNote = 1024;

/**
 * Tells on objects themselves, as events, what a person should see: `kubectl describe` shows them.
 *
 * They follow from the differences between statuses that were written, so a restart tells nothing anew.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  /** When something was said, in the order in which it was. */
  readonly #said = new Map<string, number>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** The status of an object was replaced. */
  written(object: LiveObject, before: unknown, after: unknown): void {
    const { client, failed, identity, apiVersionOf } = this.#options;
    for (const { type, reason, message, action } of statusEvents(before, after, isOurs)) {
      if (!this.#isNew(`${object.uid}|${reason}|${message}`)) continue;
      const { group, kind, name, namespace, uid } = object;
      const event = {
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: {
          name: `${name.slice(0, 230)}.${randomBytes(8).toString("hex")}`,
          // Events of cluster-scoped objects are here.
          namespace: namespace ?? "default",
        },
        eventTime: microTime(),
        reportingController: controllerName,
        reportingInstance: identity,
        action,
        reason,
        type,
        note: message.length > longestNote ? `${message.slice(0, longestNote - 1)}…` : message,
        regarding: { apiVersion: apiVersionOf(group, kind), kind, name, namespace, uid },
      };
      client.create(events, event).catch(failed);
    }
  }

  #isNew(text: string): boolean {
    const now = this.#options.now?.() ?? Date.now();
    for (const [said, at] of this.#said) {
      if (now - at < repeatMs) break;
      this.#said.delete(said);
    }
    if (this.#said.has(text)) return false;
    this.#said.set(text, now);
    return true;
  }
}

function isOurs(entry: Readonly<Record<string, unknown>>): boolean {
  return entry["controllerName"] === controllerName;
}
