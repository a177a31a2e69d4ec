import type { EnvoyResource, Parts, Substitution } from "../envoy/resource.ts";
import type { Origin } from "../resources/origin.ts";
import type { SharedMap } from "./overlay.ts";
import type { ChangeFollower, ProxyResources, ResourceChange } from "./resource-index.ts";
import { present, Search } from "./search.ts";

/** A part of a resource that Envoy refuses. */
export interface RefusedPart {
  readonly origins: readonly Origin[];
  /** Envoy's words. */
  readonly message: string;
  /** Not even its harmless form is taken, so it is left out. */
  readonly dropped: boolean;
}

/** What a proxy refuses of a resource while the rest of it is served. */
export interface Contained {
  readonly typeUrl: string;
  readonly name: string;
  readonly parts: readonly RefusedPart[];
  /** Envoy's words about the whole, where no part is to blame by itself. */
  readonly whole?: string;
}

export interface ContainmentHooks {
  /** A version is refused; what of it is being looked for. */
  refused(resource: EnvoyResource, message: string): void;
  /** It is known what is refused, or that is other than before. */
  contained(contained: Contained): void;
  /** Nothing of it is refused any more. */
  healed(typeUrl: string, name: string): void;
  /**
   * Whether every connected Envoy, and at least one, has acknowledged what it should have under this name. One that comes later
   * may still refuse it: then it is searched as if it had never been taken.
   */
  isAcknowledged(typeUrl: string, name: string): boolean;
  /** Whether any Envoy is connected. */
  isConnected(): boolean;
}

/**
 * - `searching`: Envoys keep what they have while probes tell which parts are to blame;
 * - `substituted`: those parts are, `minimal`: the whole is;
 * - `kept`: it can't be, so that Envoys keep what they have, until they take it after all;
 * - `trial`: a new version, of which no part is known to be refused, has not been taken yet.
 */
type Stage = "searching" | "substituted" | "minimal" | "kept" | "trial";

interface Entry {
  original: EnvoyResource;
  /** What Envoys should have in its place. */
  shown: EnvoyResource;
  stage: Stage;
  message: string;
  substitutions: ReadonlyMap<string, Substitution>;
  messages: ReadonlyMap<string, string>;
  /** Whether `substitutions` are all that there are, of this version. */
  searched: boolean;
}

interface Probe {
  readonly entry: Entry;
  readonly search: Search;
  readonly resource: EnvoyResource;
}

/** What Envoys said of a probe. */
interface Answer {
  readonly version: string;
  readonly refusal: string | undefined;
}

/**
 * What a proxy should have, without what its Envoys refuse: bad parts of a resource are found by probes and substituted, for
 * every Envoy of the proxy and for whichever starts later, until they are others. Probes touch no traffic.
 */
export class Containment implements ProxyResources {
  readonly #resources: ProxyResources;
  readonly #hooks: ContainmentHooks;
  readonly #entries = new Map<string, Entry>();
  readonly #probes = new Map<string, Probe>();
  readonly #observers = new Set<(changes: readonly ResourceChange[]) => void>();
  readonly #unwatch: () => void;

  constructor(resources: ProxyResources, hooks: ContainmentHooks) {
    this.#resources = resources;
    this.#hooks = hooks;
    this.#unwatch = resources.watch((changes) => {
      if (this.#entries.size > 0) for (const { typeUrl, name } of changes) this.#changed(typeUrl, name);
      this.#announce(changes);
    });
  }

  /** How many resources are other than they should be. */
  get count(): number {
    return this.#entries.size;
  }

  get(typeUrl: string, name: string): EnvoyResource | undefined {
    if (this.#entries.size === 0) return this.#resources.get(typeUrl, name);
    const key = keyOf(typeUrl, name);
    const standIn = this.#probes.get(key)?.resource ?? this.#entries.get(key)?.shown;
    return standIn ?? this.#resources.get(typeUrl, name);
  }

  *names(typeUrl: string): Iterable<string> {
    yield* this.#resources.names(typeUrl);
    for (const { resource } of this.#probes.values()) if (resource.typeUrl === typeUrl) yield resource.name;
  }

  size(typeUrl: string): number {
    return this.#resources.size(typeUrl);
  }

  typeUrls(): Iterable<string> {
    return this.#resources.typeUrls();
  }

  watch(observer: (changes: readonly ResourceChange[]) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  shared(typeUrl: string): SharedMap<EnvoyResource> {
    return this.#resources.shared(typeUrl);
  }

  named(from: string, typeUrl: string, name: string): number {
    return this.#resources.named(from, typeUrl, name);
  }

  follow(follower: ChangeFollower): () => void {
    return this.#resources.follow(follower);
  }

  close(): void {
    this.#unwatch();
  }

  /** Whether Envoys may refuse this version, so that it is better sent by itself. */
  isDoubtful({ typeUrl, name, version }: EnvoyResource): boolean {
    if (this.#entries.size === 0) return false;
    const entry = this.#entries.get(keyOf(typeUrl, name));
    return entry !== undefined && entry.shown.version === version && entry.stage !== "substituted";
  }

  /** An Envoy refused this version by itself. Returns whether that is contained here. */
  refused(typeUrl: string, name: string, version: string | undefined, message: string): boolean {
    const key = keyOf(typeUrl, name);
    const probe = this.#probes.get(key);
    if (probe !== undefined) {
      if (probe.resource.version === version) this.#answered(key, probe, message);
      return true;
    }
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      // Otherwise it is what another Envoy says of a version that is over.
      if (entry.shown.version === version) this.#standInRefused(entry, message);
      return true;
    }
    const original = this.#resources.get(typeUrl, name);
    if (original?.parts === undefined || original.version !== version) return false;
    const created: Entry = {
      original,
      shown: original,
      stage: "searching",
      message,
      substitutions: new Map(),
      messages: new Map(),
      searched: false,
    };
    this.#entries.set(key, created);
    this.#hooks.refused(original, message);
    this.#search(created, message);
    return true;
  }

  /** Envoys have acknowledged something, or one is gone. */
  review(): void {
    for (const [key, probe] of this.#probes)
      if (this.#hooks.isAcknowledged(probe.resource.typeUrl, probe.resource.name))
        this.#answered(key, probe, undefined);
    for (const [key, { stage, original }] of this.#entries)
      if ((stage === "trial" || stage === "kept") && this.#hooks.isAcknowledged(original.typeUrl, original.name))
        this.#heal(key, original);
  }

  #standInRefused(entry: Entry, message: string): void {
    if (entry.stage === "trial" || (entry.stage === "substituted" && !entry.searched)) {
      this.#hooks.refused(entry.original, message);
      this.#search(entry, message);
    } else if (entry.stage === "substituted") this.#substituteWhole(entry, message);
    else if (entry.stage === "minimal") this.#show(entry, "kept", entry.original);
    this.#announce([entry.shown]);
  }

  #search(entry: Entry, message: string): void {
    const parts = partsOf(entry);
    entry.message = message;
    entry.stage = "searching";
    entry.shown = entry.original;
    this.#ask(entry, parts, new Search(parts.all, present(parts, entry.substitutions)));
  }

  #ask(entry: Entry, parts: Parts, search: Search, last?: Answer): void {
    const resource = nextProbe(parts, search, last);
    if (resource === undefined) this.#found(entry, search);
    else this.#probes.set(keyOf(resource.typeUrl, resource.name), { entry, search, resource });
    this.#announce([parts.probe(new Map()), entry.shown]);
  }

  #answered(key: string, { entry, search, resource }: Probe, refusal: string | undefined): void {
    this.#probes.delete(key);
    search.answered(refusal);
    this.#ask(entry, partsOf(entry), search, { version: resource.version, refusal });
  }

  #found(entry: Entry, search: Search): void {
    const { substitutions, messages, whole } = search.found;
    entry.substitutions = new Map([...entry.substitutions, ...substitutions]);
    entry.messages = new Map([...entry.messages, ...messages]);
    entry.searched = true;
    if (whole) this.#substituteWhole(entry, entry.message);
    else this.#substitute(entry);
  }

  #substitute(entry: Entry): void {
    const parts = partsOf(entry);
    this.#show(entry, "substituted", parts.substitute(present(parts, entry.substitutions)));
  }

  #substituteWhole(entry: Entry, message: string): void {
    entry.message = message;
    const { minimal } = partsOf(entry);
    if (minimal === undefined) this.#show(entry, "kept", entry.original);
    else this.#show(entry, "minimal", minimal);
  }

  #show(entry: Entry, stage: Stage, shown: EnvoyResource): void {
    entry.stage = stage;
    entry.shown = shown;
    this.#hooks.contained(this.#describe(entry));
  }

  #describe({ original, stage, substitutions, messages, message }: Entry): Contained {
    const { typeUrl, name, parts } = original;
    const whole = stage !== "substituted";
    const refused = (parts?.().all ?? []).flatMap(({ id, origins }): readonly RefusedPart[] => {
      const by = substitutions.get(id) ?? (whole ? 1 : 0);
      return by === 0 ? [] : [{ origins, message: messages.get(id) ?? message, dropped: by === 2 }];
    });
    return { typeUrl, name, parts: refused, ...(whole && { whole: message }) };
  }

  /** The resource is another, or gone. */
  #changed(typeUrl: string, name: string): void {
    const key = keyOf(typeUrl, name);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const original = this.#resources.get(typeUrl, name);
    if (original?.version === entry.original.version) return;
    this.#abandon(entry);
    if (original?.parts === undefined) {
      this.#heal(key, entry.original);
      return;
    }
    entry.original = original;
    entry.searched = false;
    entry.substitutions = present(original.parts(), entry.substitutions);
    if (entry.substitutions.size > 0) this.#substitute(entry);
    // Whoever could refuse it is connected to another control plane, which tells if it does.
    else if (!this.#hooks.isConnected()) this.#heal(key, original);
    else {
      entry.stage = "trial";
      entry.shown = original;
    }
  }

  #abandon(entry: Entry): void {
    for (const [key, probe] of this.#probes) {
      if (probe.entry !== entry) continue;
      this.#probes.delete(key);
      this.#announce([probe.resource]);
    }
  }

  #heal(key: string, { typeUrl, name }: EnvoyResource): void {
    this.#entries.delete(key);
    this.#hooks.healed(typeUrl, name);
  }

  #announce(changes: readonly ResourceChange[]): void {
    for (const observer of this.#observers) observer(changes);
  }
}

/** Equal probes in a row have equal answers, and none would come to the second: Envoy has it, or has refused it. */
function nextProbe(parts: Parts, search: Search, last: Answer | undefined): EnvoyResource | undefined {
  for (let next = search.next(); next !== undefined; next = search.next()) {
    const probe = parts.probe(next);
    if (probe.version !== last?.version) return probe;
    search.answered(last.refusal);
  }
  return undefined;
}

function partsOf({ original }: Entry): Parts {
  if (original.parts === undefined) throw new Error(`${original.name} has no parts`);
  return original.parts();
}

function keyOf(typeUrl: string, name: string): string {
  return `${typeUrl}|${name}`;
}
