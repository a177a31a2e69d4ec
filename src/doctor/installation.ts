import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import { keyOf } from "../resources/object.ts";
import { type Facts, hasLabels, labelsAt, numberAt, objectsOf, serverNow } from "./facts.ts";

/** How manifests and chart label what belongs to the controller. */
export const controllerLabels = { "app.kubernetes.io/name": "gatewright" } as const;

/** Name of the Lease that a leader holds. */
export const leaseName = "gatewright";

/** The controllers' Deployments, wherever they are. */
export function controllersOf(facts: Facts): readonly ApiObject[] {
  return objectsOf(facts, "Deployment").filter((deployment) => hasLabels(deployment, controllerLabels));
}

/** The pods that a Deployment or DaemonSet selects, but for those that are ending or ended well. */
export function podsOf(facts: Facts, workload: ApiObject): readonly ApiObject[] {
  const labels = labelsAt(workload, "spec", "selector", "matchLabels");
  return objectsOf(facts, "Pod").filter(
    (pod) =>
      pod.metadata.namespace === workload.metadata.namespace &&
      hasLabels(pod, labels) &&
      pod.metadata.deletionTimestamp === undefined,
  );
}

/** A Deployment as people write it after `kubectl -n NAMESPACE`. */
export function workloadName({ kind, metadata }: ApiObject): string {
  return `${kind.toLowerCase()}/${metadata.name}`;
}

export function readyReplicas(workload: ApiObject): number {
  return numberAt(workload, "status", workload.kind === "DaemonSet" ? "numberReady" : "readyReplicas") ?? 0;
}

export function wantedReplicas(workload: ApiObject): number {
  return workload.kind === "DaemonSet"
    ? (numberAt(workload, "status", "desiredNumberScheduled") ?? 0)
    : (numberAt(workload, "spec", "replicas") ?? 1);
}

/** Leases by which a controller says that it is the one that writes. */
export function leasesOf(facts: Facts): readonly ApiObject[] {
  return objectsOf(facts, "Lease").filter(({ metadata }) => metadata.name === leaseName);
}

/** Milliseconds since a Lease was renewed, by the API server's clock; undefined if nobody holds it. */
export function leaseAge(facts: Facts, lease: ApiObject): number | undefined {
  if (text(field(lease, "spec", "holderIdentity")) === "") return undefined;
  const renewed = new Date(text(field(lease, "spec", "renewTime"))).getTime();
  return Number.isNaN(renewed) ? undefined : serverNow(facts).getTime() - renewed;
}

/** Long enough that no slow API server or election explains it. */
export const leaseOverMs = 60_000;

/** Whether a controller runs as far as anybody can see: one is ready and its Lease is renewed. */
export function isServed(facts: Facts): boolean {
  return leasesOf(facts).some((lease) => {
    const age = leaseAge(facts, lease);
    return age !== undefined && age < leaseOverMs;
  });
}

/** The namespaces that a controller is told to serve; undefined for all. */
export function watchedNamespaces(controller: ApiObject): readonly string[] | undefined {
  const args = list(field(controller, "spec", "template", "spec", "containers")).flatMap((container) =>
    list(field(container, "args")).map(text),
  );
  const named = args.flatMap((arg, index) => {
    if (arg.startsWith("--watch-namespace=")) return [arg.slice(arg.indexOf("=") + 1)];
    return arg === "--watch-namespace" ? [args[index + 1] ?? ""] : [];
  });
  return named.length === 0 ? undefined : named;
}

/** The namespaces that controllers are told to serve, where none serves that of a Gateway. */
export function servedInstead(facts: Facts, { metadata }: ApiObject): readonly string[] | undefined {
  const served = controllersOf(facts).map(watchedNamespaces);
  const isServedBySome = served.some((each) => each === undefined || each.includes(metadata.namespace ?? ""));
  return served.length === 0 || isServedBySome ? undefined : served.flatMap((each) => each ?? []);
}

/** @example "gatewright-system/gatewright" */
export function nameOf(object: ApiObject): string {
  return keyOf(object);
}
