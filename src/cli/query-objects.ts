import type { ObjectWithStatus } from "../admin/objects.ts";
import type { Finding } from "../resources/finding.ts";
import type { Kind } from "../resources/kinds.ts";
import type { Origin } from "./choose-origin.ts";
import { UsageError } from "./usage-error.ts";

/** All objects that there are, and all that there is to say about them. */
export interface Everything {
  readonly objects: readonly ObjectWithStatus[];
  readonly findings: readonly Finding[];
}

/** Which objects; a hint, more may come. */
export interface Wanted {
  /** All kinds if absent. */
  readonly kind?: Kind | undefined;
  /** All namespaces if absent. */
  readonly namespace?: string | undefined;
}

/**
 * Objects with their status: computed from files, without an Envoy; asked of a running Gatewright; or as a cluster holds
 * them. Errors in files go to standard error.
 *
 * @throws UsageError when there is nothing to ask
 */
export async function queryObjects(origin: Origin, wanted: Wanted): Promise<readonly ObjectWithStatus[]> {
  const kind = wanted.kind?.kind;
  switch (origin.from) {
    case "instance": {
      const path = kind === undefined ? "" : `?kind=${encodeURIComponent(kind)}`;
      return await ask(origin.address, `/api/v1/resources${path}`, isObject);
    }
    case "cluster": {
      const { objectsOfCluster } = await import("./read-cluster.ts");
      return await objectsOfCluster(origin.access, wanted);
    }
    case "files": {
      // What reads files takes most of a second to load.
      const { objectsOfFiles } = await import("./read-files.ts");
      return await objectsOfFiles(origin.files, kind);
    }
  }
}

/**
 * @param namespace what is asked about is in it, if anything is
 * @throws UsageError when there is nothing to ask
 */
export async function queryEverything(origin: Origin, namespace: string): Promise<Everything> {
  switch (origin.from) {
    case "instance":
      return {
        objects: await ask(origin.address, "/api/v1/resources", isObject),
        findings: await ask(origin.address, "/api/v1/findings", isFinding),
      };
    case "cluster": {
      const { everythingOfCluster } = await import("./analyse-cluster.ts");
      return await everythingOfCluster(origin.access, namespace);
    }
    case "files": {
      const { everythingOfFiles } = await import("./read-files.ts");
      return await everythingOfFiles(origin.files);
    }
  }
}

async function ask<Item>(
  address: string,
  path: string,
  isItem: (value: unknown) => value is Item,
): Promise<readonly Item[]> {
  const items: readonly unknown[] = await askInstance(address, path, Array.isArray);
  return items.filter(isItem);
}

/**
 * What a running Gatewright's admin API answers.
 *
 * @throws UsageError
 */
export async function askInstance<Value>(
  address: string,
  path: string,
  isValue: (value: unknown) => value is Value,
): Promise<Value> {
  let response: Response;
  try {
    response = await fetch(`http://${address}${path}`);
  } catch {
    throw new UsageError(
      `No Gatewright answers at ${address}. Start one with \`gatewright run PATH…\`, name its --admin-address, or read files with -f PATH.`,
    );
  }
  if (!response.ok) throw new UsageError(`${address} answers ${response.status}: ${(await response.text()).trim()}`);
  const value: unknown = await response.json();
  if (!isValue(value)) throw new UsageError(`What answers at ${address} is not a Gatewright of this version.`);
  return value;
}

function isObject(value: unknown): value is ObjectWithStatus {
  return typeof value === "object" && value !== null && "kind" in value && "metadata" in value;
}

function isFinding(value: unknown): value is Finding {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}
