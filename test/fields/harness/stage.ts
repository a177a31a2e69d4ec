import { createAuthority } from "../../../examples/seeds/certificate-authority.ts";
import { allFindings } from "../../../src/control-plane/all-findings.ts";
import { ControlPlane } from "../../../src/control-plane/control-plane.ts";
import { onThisMachine, type Placement } from "../../../src/gateway/placement.ts";
import { deriveInfrastructure } from "../../../src/infrastructure/derive-infrastructure.ts";
import type { Manifest } from "../../../src/infrastructure/manifest.ts";
import { inCluster } from "../../../src/infrastructure/placement.ts";
import { selectionOf } from "../../../src/infrastructure/selector-service.ts";
import type { Finding } from "../../../src/resources/finding.ts";
import { type KubernetesObject, keyOf } from "../../../src/resources/object.ts";
import type { ResourceChange } from "../../../src/sources/source.ts";
import type { ObjectStatus } from "../../../src/status/object-status.ts";

/** What of a world is another than before. */
export interface Difference {
  /** Types of Envoy resources. */
  readonly configuration: ReadonlySet<string>;
  /** Kinds of objects that a Gateway or XBackend is given in a cluster. */
  readonly infrastructure: ReadonlySet<string>;
  /** Kinds whose status differs. */
  readonly status: ReadonlySet<string>;
  /** Those that were not there before, or are no more. */
  findings(): readonly Finding[];
}

/** A change to one object; `after` is absent where it goes. */
export interface ObjectChange {
  readonly before: KubernetesObject;
  readonly after: KubernetesObject | undefined;
}

const system = await createAuthority("system");
const settings = { image: "envoy", xds: { host: "controller", port: 15_010, serverName: "controller" } };

/** Names of the two. */
export const places = ["on this machine", "in a cluster"] as const;

/** The same world twice, on a machine and in a cluster: a change is made in both, looked at, and taken back. */
export class Stage {
  readonly #worlds = [new World(onThisMachine("proxy")), new World(inCluster)];
  readonly #findings: readonly (readonly Finding[])[];
  readonly #keys: ReadonlySet<string>;
  readonly #image: string;

  constructor(objects: readonly KubernetesObject[]) {
    this.#keys = new Set(objects.map(idOf));
    for (const world of this.#worlds) world.apply(objects.map((object) => changeTo(object, object)));
    this.#findings = this.#worlds.map((world) => world.findings());
    this.#image = this.#draw();
  }

  /** Whether there is another object of the name that a change gives to an object. */
  isTaken({ before, after }: { readonly before: KubernetesObject; readonly after: KubernetesObject }): boolean {
    return idOf(after) !== idOf(before) && this.#keys.has(idOf(after));
  }

  /** @throws Error unless every change has been taken back */
  finish(): void {
    if (this.#draw() !== this.#image) throw new Error("a change of the stage was not taken back");
  }

  #draw(): string {
    return JSON.stringify(this.#worlds.map((world) => [world.findings(), world.versions()]));
  }

  /** What the change makes of each world, which are as they were after that. */
  differenceBy<Result>({ before, after }: ObjectChange, look: (differences: readonly Difference[]) => Result): Result {
    const renamed = after === undefined || keyOf(after) !== keyOf(before) ? [changeTo(before, undefined)] : [];
    const there = [...renamed, ...(after === undefined ? [] : [changeTo(after, after)])];
    const back = [
      ...(after === undefined || renamed.length === 0 ? [] : [changeTo(after, undefined)]),
      changeTo(before, before),
    ];
    const differences = this.#worlds.map((world) => world.record(() => world.apply(there)));
    const result = look(
      differences.map((difference, index) => ({
        ...difference,
        findings: () => differing(this.#findings[index] ?? [], this.#worlds[index]?.findings() ?? []),
      })),
    );
    for (const world of this.#worlds) world.apply(back);
    return result;
  }

  /** Everything that is said of the worlds as they stand, each by itself. */
  findings(): readonly (readonly Finding[])[] {
    return this.#findings;
  }
}

interface Changed {
  readonly configuration: Set<string>;
  readonly infrastructure: Set<string>;
  readonly status: Set<string>;
}

class World {
  readonly #plane: ControlPlane;
  #changed: Changed = nothing();
  constructor(placement: Placement) {
    const plane = new ControlPlane({
      placement,
      systemCertificates: () => system.certificate,
      onError: ({ cause }) => {
        throw cause;
      },
    });
    this.#plane = plane;
    const proxyState = {
      ready: true,
      message: "",
      addresses: [{ type: "IPAddress", value: "192.0.2.1" } as const],
      refusedSockets: {},
    };
    plane.proxies.set("proxy", proxyState);
    plane.envoyResources.subscribe((changes) => {
      for (const { before, after } of changes) {
        const typeUrl = (after ?? before)?.typeUrl ?? "";
        this.#changed.configuration.add(typeUrl.slice(typeUrl.lastIndexOf(".") + 1));
      }
    });
    plane.status.subscribe((changes) => {
      for (const { key, before, after } of changes) {
        if (said(before) !== said(after)) this.#changed.status.add(key.slice(0, key.indexOf("/")));
      }
    });
    if (placement !== inCluster) return;
    plane.graph
      .derive("selections", plane.resources.XBackend, selectionOf)
      .subscribe(() => this.#changed.infrastructure.add("Service"));
    const { graph, resources, semantics } = plane;
    deriveInfrastructure(graph, resources, semantics, settings).infrastructure.subscribe((changes) => {
      for (const change of changes) {
        const before = change.before?.manifests ?? [];
        const after = change.after?.manifests ?? [];
        for (const manifest of [...before, ...after]) {
          const other = (manifests: readonly Manifest[]) =>
            manifests.find(({ kind, metadata }) => kind === manifest.kind && metadata.name === manifest.metadata.name);
          if (JSON.stringify(other(before)) !== JSON.stringify(other(after))) {
            this.#changed.infrastructure.add(manifest.kind);
          }
        }
      }
    });
  }

  apply(changes: readonly ResourceChange[]): void {
    this.#plane.apply({ changes, findings: new Map() });
  }

  record(act: () => void): Changed {
    this.#changed = nothing();
    act();
    return this.#changed;
  }

  findings(): readonly Finding[] {
    return allFindings(this.#plane);
  }

  /** Of everything that Envoy is given. */
  versions(): readonly string[] {
    return [...this.#plane.envoyResources.entries()].map(([key, { version }]) => `${key} ${version}`).sort();
  }
}

/** A status without the references that it repeats: that a reference stands in it says nothing of what it means. */
function said(status: ObjectStatus | undefined): string {
  return JSON.stringify(status?.status ?? null, (key, value: unknown) => (key === "parentRef" ? undefined : value));
}

function idOf(object: KubernetesObject): string {
  return `${object.kind}/${keyOf(object)}`;
}

function nothing(): Changed {
  return { configuration: new Set(), infrastructure: new Set(), status: new Set() };
}

function differing(before: readonly Finding[], after: readonly Finding[]): readonly Finding[] {
  const only = (list: readonly Finding[], others: readonly Finding[]) => {
    const known = new Set(others.map((finding) => JSON.stringify(finding)));
    return list.filter((finding) => !known.has(JSON.stringify(finding)));
  };
  return [...only(before, after), ...only(after, before)];
}

function changeTo(identified: KubernetesObject, object: KubernetesObject | undefined): ResourceChange {
  const { kind, apiVersion, metadata } = identified;
  const { name, namespace } = metadata;
  const reference = { group: apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
  return { kind, key: keyOf(identified), reference, object, locate: () => undefined };
}
