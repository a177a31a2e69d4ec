import type { ApiResource } from "../../kubernetes/api-object.ts";
import type { KubernetesClient, Selection } from "../../kubernetes/client.ts";
import { type ReflectedChange, Reflector, type ReflectorFailure } from "../../kubernetes/reflector.ts";

export interface KindFollowerOptions {
  readonly client: KubernetesClient;
  /** One or several parts of the kind's objects: all, or those of each of some namespaces. They do not overlap. */
  readonly selections: readonly Selection[];
  readonly metadataOnly: boolean;
  readonly apply: (changes: readonly ReflectedChange[]) => void;
  readonly failed: (failure: ReflectorFailure) => void;
  readonly recovered: () => void;
}

interface Running {
  readonly resource: ApiResource;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
  /** Selections whose first list has not come. */
  waiting: number;
}

/** Follows the objects of one kind, in whichever version they are served; when it isn't served, there are none. */
export class KindFollower {
  readonly #options: KindFollowerOptions;
  /** Keys of the objects that have been told, by the index of their selection. */
  readonly #keys: readonly Set<string>[];
  #running: Running | undefined;
  readonly #ending = new Set<Promise<unknown>>();

  constructor(options: KindFollowerOptions) {
    this.#options = options;
    this.#keys = options.selections.map(() => new Set());
  }

  /** Is everything known that is there? */
  get synced(): boolean {
    return this.#running === undefined || this.#running.waiting === 0;
  }

  /** Follows this resource from now on; with none, every object is gone. */
  follow(resource: ApiResource | undefined): void {
    if (resource !== undefined && this.#running?.resource.version === resource.version) return;
    this.#end();
    if (resource === undefined) {
      const gone = this.#keys.flatMap((keys) => [...keys].map((key) => ({ key, object: undefined })));
      for (const keys of this.#keys) keys.clear();
      if (gone.length > 0) this.#options.apply(gone);
      return;
    }
    const { client, selections, metadataOnly, failed, recovered } = this.#options;
    const stop = new AbortController();
    const reflectors = selections.map((selection, index) => {
      let first = true;
      const apply = (changes: readonly ReflectedChange[]): void => {
        if (stop.signal.aborted) return;
        const keys = this.#keys[index] ?? new Set();
        const all = first ? [...changes, ...missing(keys, changes)] : changes;
        for (const { key, object } of all) {
          if (object === undefined) keys.delete(key);
          else keys.add(key);
        }
        if (first) running.waiting -= 1;
        first = false;
        this.#options.apply(all);
      };
      return new Reflector({ client, resource, metadataOnly, ...selection, apply, failed, recovered });
    });
    const ended = Promise.all(reflectors.map((reflector) => reflector.run(stop.signal)));
    const running: Running = { resource, stop, ended, waiting: selections.length };
    this.#running = running;
  }

  async close(): Promise<void> {
    this.#end();
    await Promise.all(this.#ending);
  }

  #end(): void {
    if (this.#running === undefined) return;
    const { stop, ended } = this.#running;
    this.#running = undefined;
    stop.abort();
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }
}

/** What was there under another version, and isn't in the first list under this one. */
function missing(keys: ReadonlySet<string>, changes: readonly ReflectedChange[]): readonly ReflectedChange[] {
  const present = new Set(changes.map(({ key }) => key));
  return [...keys].filter((key) => !present.has(key)).map((key) => ({ key, object: undefined }));
}
