import type { EnvoyResource } from "../envoy/resource.ts";

interface Rejected {
  readonly typeUrl: string;
  readonly name: string;
  /** Undefined: the removal was refused. */
  readonly version: string | undefined;
  readonly message: string;
  /** Who refuses it. Empty when they are all gone; the next Envoy is then asked with care. */
  readonly sessions: Set<object>;
}

/** What the Envoys of one proxy refuse: said once, however many there are, and remembered while none is connected. */
export class Rejections {
  readonly #rejected = new Map<string, Rejected>();

  get size(): number {
    return this.#rejected.size;
  }

  /** Whether an Envoy refused this version. */
  has(resource: EnvoyResource): boolean {
    if (this.#rejected.size === 0) return false;
    return this.#rejected.get(`${resource.typeUrl}|${resource.name}`)?.version === resource.version;
  }

  message(typeUrl: string, name: string): string | undefined {
    return this.#rejected.get(`${typeUrl}|${name}`)?.message;
  }

  /** Returns whether nobody refused this version before. */
  add(typeUrl: string, name: string, version: string | undefined, message: string, session: object): boolean {
    const key = `${typeUrl}|${name}`;
    const known = this.#rejected.get(key);
    if (known !== undefined && known.version === version) {
      known.sessions.add(session);
      return false;
    }
    this.#rejected.set(key, { typeUrl, name, version, message, sessions: new Set([session]) });
    return true;
  }

  /** This Envoy has what it should have. Returns whether nobody is left that refuses. */
  accepted(typeUrl: string, name: string, session: object): boolean {
    const key = `${typeUrl}|${name}`;
    const known = this.#rejected.get(key);
    if (known === undefined) return false;
    known.sessions.delete(session);
    return known.sessions.size === 0 && this.#rejected.delete(key);
  }

  /** An Envoy is gone. What it refused is still doubtful. */
  leave(session: object): void {
    for (const { sessions } of this.#rejected.values()) sessions.delete(session);
  }

  /** Forgets versions of what is gone, and returns what that is: nobody asks for it any more, so nobody will take it. */
  pruneGone(
    desired: (typeUrl: string, name: string) => string | undefined,
  ): readonly Pick<Rejected, "typeUrl" | "name">[] {
    return this.#forget((known) => known.version !== undefined && desired(known.typeUrl, known.name) === undefined);
  }

  /** Forgets versions that are no longer wanted, and returns what they were versions of. */
  prune(desired: (typeUrl: string, name: string) => string | undefined): readonly Pick<Rejected, "typeUrl" | "name">[] {
    return this.#forget((known) => desired(known.typeUrl, known.name) !== known.version);
  }

  #forget(isOver: (known: Rejected) => boolean): readonly Rejected[] {
    const over = [...this.#rejected].filter(([, known]) => isOver(known));
    for (const [key] of over) this.#rejected.delete(key);
    return over.map(([, known]) => known);
  }
}
