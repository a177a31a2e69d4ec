import { setTimeout as wait } from "node:timers/promises";
import { isReason } from "../../kubernetes/api-error.ts";
import { type ApiResource, resourceOf } from "../../kubernetes/api-object.ts";
import { fullJitter } from "../../kubernetes/backoff.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { servedResources } from "../../kubernetes/discovery.ts";
import { Reflector } from "../../kubernetes/reflector.ts";
import type { Kind } from "../../resources/kinds.ts";
import type { SourceLogger } from "./source-logger.ts";

const definitions: ApiResource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
};

/** A kind as the cluster has it. */
export interface ServedKind {
  readonly kind: Kind;
  /** The best version that both sides know; absent if the cluster has none. */
  readonly resource: ApiResource | undefined;
  /** Absent if the kind has none, or it may not be read. */
  readonly definition: Definition | undefined;
}

/** What the annotations of a CustomResourceDefinition say. */
export interface Definition {
  /** Release of the Gateway API that it comes from: `v1.7.0`. */
  readonly bundleVersion: string | undefined;
  /** `standard` or `experimental`. */
  readonly channel: string | undefined;
}

export interface CustomResourcesOptions {
  readonly client: KubernetesClient;
  /** Kinds that the cluster may lack. */
  readonly kinds: readonly Kind[];
  readonly logger: SourceLogger;
  /** Told of all kinds, once at first and then after every change. */
  readonly changed: (served: readonly ServedKind[]) => void;
}

// Discovery follows a definition within a second or so; one that is not to be served tells when that changes.
const mostAttempts = 12;

/**
 * Which custom resources a cluster has, and in which versions: now, and whenever that changes.
 *
 * Definitions are watched by their metadata alone, since they are large; what is served is asked of discovery when one
 * changes. Where definitions may not be read, discovery answers once, at the start.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #definitions = new Map<string, Definition>();
  #known = false;
  #asking: Promise<void> | undefined;
  #askAgain = false;

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
  }

  /** Never throws; ends when aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, kinds, logger } = this.#options;
    const wanted = new Set(kinds.map(definitionName));
    const reflector = new Reflector({
      client,
      resource: definitions,
      metadataOnly: true,
      apply: (changes) => {
        let touched = !this.#known;
        this.#known = true;
        for (const { key, object } of changes) {
          if (!wanted.has(key)) continue;
          touched = true;
          const { annotations } = object?.metadata ?? {};
          if (object === undefined) this.#definitions.delete(key);
          else {
            this.#definitions.set(key, {
              bundleVersion: annotations?.["gateway.networking.k8s.io/bundle-version"],
              channel: annotations?.["gateway.networking.k8s.io/channel"],
            });
          }
        }
        if (touched) this.#ask(signal);
      },
      failed: ({ error, failures }) => {
        if (this.#known || !isReason(error, "Forbidden")) return;
        if (failures === 1) {
          logger.warn(
            { error: String(error) },
            "CustomResourceDefinitions may not be read: those that come later are seen after a restart only",
          );
          this.#ask(signal);
        }
      },
    });
    await reflector.run(signal);
    await this.#asking;
  }

  /** One question at a time; what changes meanwhile is asked after it. */
  #ask(signal: AbortSignal): void {
    if (this.#asking !== undefined) {
      this.#askAgain = true;
      return;
    }
    this.#asking = this.#askUntilTrue(signal).finally(() => {
      this.#asking = undefined;
      if (this.#askAgain && !signal.aborted) {
        this.#askAgain = false;
        this.#ask(signal);
      }
    });
  }

  async #askUntilTrue(signal: AbortSignal): Promise<void> {
    const { client, kinds, changed, logger } = this.#options;
    const groups = [...new Set(kinds.map(({ group }) => group))];
    for (let attempt = 1; !signal.aborted && !this.#askAgain; attempt++) {
      try {
        const answers = await Promise.all(groups.map((group) => servedResources(client, group, signal)));
        const served = kinds.map((kind) => this.#served(kind, answers.flat()));
        changed(served);
        const behind = served.some(({ kind, resource }) => this.#isBehind(kind, resource));
        if (!behind || attempt === mostAttempts) return;
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ error: String(error) }, "the API server doesn't say what it serves; it is asked again");
      }
      await wait(50 + fullJitter(attempt, Math.random()), undefined, { signal }).catch(() => {});
    }
  }

  #isBehind(kind: Kind, resource: ApiResource | undefined): boolean {
    return this.#known && isCustom(kind) && (resource !== undefined) !== this.#definitions.has(definitionName(kind));
  }

  #served(kind: Kind, resources: readonly ApiResource[]): ServedKind {
    const versions = resources.filter((it) => it.group === kind.group && it.plural === kind.plural);
    const version = kind.versions.find((known) => versions.some((it) => it.version === known));
    return {
      kind,
      resource: version === undefined ? undefined : resourceOf(kind, version),
      definition: this.#definitions.get(definitionName(kind)),
    };
  }
}

/** Is it a kind that a cluster may lack: a custom resource, or one of Kubernetes' own that is switched on or off? */
export function isOptional({ group }: Kind): boolean {
  return group !== "" && group !== "discovery.k8s.io";
}

function isCustom({ folders }: Kind): boolean {
  return folders.some((folder) => folder.startsWith("crds/"));
}

function definitionName({ plural, group }: Kind): string {
  return `${plural}.${group}`;
}
