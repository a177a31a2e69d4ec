import { existsSync } from "node:fs";
import { type ObjectWithStatus, objectsWithStatus } from "../admin/objects.ts";
import { allFindings } from "../control-plane/all-findings.ts";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { topologyOf } from "../control-plane/topology-of.ts";
import { onThisMachine } from "../gateway/placement.ts";
import type { Topology } from "../graph/topology.ts";
import { standardInput } from "../sources/files/find-files.ts";
import { watchFiles } from "../sources/files/watch-files.ts";
import { printFindings } from "./print-findings.ts";
import type { Everything } from "./query-objects.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Objects in files with the status that they would have, computed without an Envoy. Errors go to standard error.
 *
 * @param kind all kinds if absent
 * @throws UsageError
 */
export async function objectsOfFiles(files: readonly string[], kind?: string): Promise<readonly ObjectWithStatus[]> {
  const controlPlane = await readFiles(files);
  printErrors(controlPlane);
  return objectsWithStatus(controlPlane, kind);
}

/** @throws UsageError */
export async function everythingOfFiles(files: readonly string[]): Promise<Everything> {
  const controlPlane = await readFiles(files);
  return { objects: objectsWithStatus(controlPlane), findings: allFindings(controlPlane) };
}

/** Errors go to standard error. @throws UsageError */
export async function topologyOfFiles(files: readonly string[]): Promise<Topology> {
  const controlPlane = await readFiles(files);
  printErrors(controlPlane);
  return topologyOf(controlPlane);
}

function printErrors(controlPlane: ControlPlane): void {
  printFindings(
    controlPlane.findings().filter((finding) => finding.severity === "error"),
    process.stderr,
  );
}

/**
 * A control plane that has read the files once, and serves nobody.
 *
 * @throws UsageError
 */
export async function readFiles(files: readonly string[]): Promise<ControlPlane> {
  const absent = files.find((file) => file !== standardInput && !existsSync(file));
  if (absent !== undefined) throw new UsageError(`${absent} does not exist.`);
  const controlPlane = new ControlPlane({ placement: onThisMachine("files") });
  const source = watchFiles(files, controlPlane);
  await source.ready;
  await source.close();
  return controlPlane;
}
