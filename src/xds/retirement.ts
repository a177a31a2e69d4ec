import { SparseMap, SparseSet } from "./sparse.ts";

/**
 * Resources that nobody wants any more but Envoy still has: they stay while another resource that Envoy may have names them,
 * and then for the linger time, in which requests that are under way end and a change of mind costs nothing. Those that are free
 * within a tenth of that time go together: a response for each would be most of what a thousand routes cost that go.
 */
export class Retirement {
  readonly #linger: number;
  readonly #step: number;
  readonly #named = new SparseSet<string>();
  /** Name → when it may go; in that order, since the linger time is the same for all. */
  readonly #lingering = new SparseMap<string, number>();

  constructor(lingerMilliseconds: number) {
    this.#linger = lingerMilliseconds;
    this.#step = lingerMilliseconds / 10;
  }

  /** Whether an unwanted resource may be removed now. If not, it is remembered. */
  mayRemove(name: string, named: boolean, now: number): boolean {
    if (named) {
      this.#lingering.delete(name);
      this.#named.add(name);
      return false;
    }
    this.#named.delete(name);
    const due = this.#lingering.get(name);
    if (due === undefined && this.#linger > 0) {
      this.#lingering.set(name, Math.ceil((now + this.#linger) / this.#step) * this.#step);
      return false;
    }
    return due === undefined || due <= now;
  }

  /** The resource is wanted again, or gone. */
  forget(name: string): void {
    this.#named.delete(name);
    this.#lingering.delete(name);
  }

  isNamed(name: string): boolean {
    return this.#named.has(name);
  }

  /** Unwanted resources that were still named when last asked. */
  named(): readonly string[] {
    return [...this.#named];
  }

  /** Resources whose linger time is over. */
  due(now: number): readonly string[] {
    const names: string[] = [];
    for (const [name, due] of this.#lingering) {
      if (due > now) break;
      names.push(name);
    }
    return names;
  }

  /** When {@link due} has something more, if ever. */
  nextDue(now: number): number | undefined {
    for (const due of this.#lingering.values()) if (due > now) return due;
    return undefined;
  }
}
