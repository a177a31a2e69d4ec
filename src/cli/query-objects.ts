import type { ObjectWithStatus } from "../admin/objects.ts";
import type { Finding } from "../resources/finding.ts";
import { UsageError } from "./usage-error.ts";

/** Where objects come from: files, or a running Gatewright. */
export interface Origin {
  readonly files: readonly string[];
  readonly adminAddress: string;
}

/** All objects that there are, and all that there is to say about them. */
export interface Everything {
  readonly objects: readonly ObjectWithStatus[];
  readonly findings: readonly Finding[];
}

/**
 * Objects with their status: computed from files, without an Envoy, or asked of a running Gatewright. Errors in the files go
 * to standard error.
 *
 * @param kind all kinds if absent
 * @throws UsageError when there is nothing to ask
 */
export async function queryObjects(
  { files, adminAddress }: Origin,
  kind?: string,
): Promise<readonly ObjectWithStatus[]> {
  if (files.length === 0) {
    const path = kind === undefined ? "" : `?kind=${encodeURIComponent(kind)}`;
    return await ask(adminAddress, `/api/v1/resources${path}`, isObject);
  }
  // What reads files takes most of a second to load.
  const { objectsOfFiles } = await import("./read-files.ts");
  return await objectsOfFiles(files, kind);
}

/** @throws UsageError when there is nothing to ask */
export async function queryEverything({ files, adminAddress }: Origin): Promise<Everything> {
  if (files.length === 0) {
    return {
      objects: await ask(adminAddress, "/api/v1/resources", isObject),
      findings: await ask(adminAddress, "/api/v1/findings", isFinding),
    };
  }
  const { everythingOfFiles } = await import("./read-files.ts");
  return await everythingOfFiles(files);
}

async function ask<Item>(
  address: string,
  path: string,
  isItem: (value: unknown) => value is Item,
): Promise<readonly Item[]> {
  let response: Response;
  try {
    response = await fetch(`http://${address}${path}`);
  } catch {
    throw new UsageError(
      `No Gatewright answers at ${address}. Start one with \`gatewright run PATH…\`, name its --admin-address, or read files with -f PATH.`,
    );
  }
  if (!response.ok) throw new UsageError(`${address} answers ${response.status}: ${(await response.text()).trim()}`);
  const items: unknown = await response.json();
  return Array.isArray(items) ? items.filter(isItem) : [];
}

function isObject(value: unknown): value is ObjectWithStatus {
  return typeof value === "object" && value !== null && "kind" in value && "metadata" in value;
}

function isFinding(value: unknown): value is Finding {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}
