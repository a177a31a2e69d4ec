import type { ObjectWithStatus } from "../admin/objects.ts";
import { objectsWithStatus } from "../admin/objects.ts";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { watchFiles } from "../sources/files/watch-files.ts";
import { printFindings } from "./print-findings.ts";

/** Where objects come from: files, or a running Gatewright. */
export interface Origin {
  readonly files: readonly string[];
  readonly adminAddress: string;
}

/** What a person asked for can't be understood or reached; the exit code is 2. */
export class UsageError extends Error {}

/** Objects of a kind with their status: computed from files, without an Envoy, or asked of a running Gatewright. */
export async function queryObjects(
  { files, adminAddress }: Origin,
  kind: string,
): Promise<readonly ObjectWithStatus[]> {
  return files.length > 0 ? await fromFiles(files, kind) : await fromInstance(adminAddress, kind);
}

async function fromFiles(files: readonly string[], kind: string): Promise<readonly ObjectWithStatus[]> {
  const controlPlane = new ControlPlane({ proxyOf: () => "files" });
  const source = watchFiles(files, controlPlane);
  await source.ready;
  await source.close();
  printFindings(
    controlPlane.findings().filter((finding) => finding.severity === "error"),
    process.stderr,
  );
  return objectsWithStatus(controlPlane, kind);
}

async function fromInstance(adminAddress: string, kind: string): Promise<readonly ObjectWithStatus[]> {
  let response: Response;
  try {
    response = await fetch(`http://${adminAddress}/api/v1/resources?kind=${encodeURIComponent(kind)}`);
  } catch {
    throw new UsageError(
      `No Gatewright answers at ${adminAddress}. Start one with \`gatewright run PATH…\`, name its --admin-address, or read files with -f PATH.`,
    );
  }
  const objects: unknown = await response.json();
  return Array.isArray(objects) ? objects.filter(isObject) : [];
}

function isObject(value: unknown): value is ObjectWithStatus {
  return typeof value === "object" && value !== null && "kind" in value && "metadata" in value;
}
