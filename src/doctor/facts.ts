import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import type { FindingCode } from "../resources/finding-codes.ts";
import { splitApiVersion } from "../resources/kinds.ts";
import type { FieldPath, ResourceReference } from "../resources/origin.ts";
import type { Permission } from "./rights.ts";

/** Objects of one kind. `partly`: only some namespaces could be read. */
export interface FactsOfKind {
  readonly extent: "whole" | "partly" | "refused" | "absent";
  readonly objects: readonly ApiObject[];
}

/** What a pod answered that was asked over the API server, in Prometheus' format. */
export interface Scrape {
  readonly namespace: string;
  readonly pod: string;
  /** Absent if it did not answer: then `problem` says why. */
  readonly metrics?: string;
  readonly problem?: string;
}

/** A write of the controller's that the API server was asked to try, and to leave undone. */
export interface Trial {
  readonly what: ResourceReference;
  /** `status`, or absent for the object itself. */
  readonly subresource?: string;
  /** What the API server said against it; absent if it would be done. */
  readonly refusal?: string;
}

/** Everything that was read, once: what checks are functions of. */
export interface Facts {
  /** By this machine's clock. */
  readonly now: Date;
  /** The API server's clock less this machine's, and how far that may be off; absent if it told no time. */
  readonly serverClock?: { readonly aheadMs: number; readonly accuracyMs: number };
  /** By kind. */
  readonly kinds: ReadonlyMap<string, FactsOfKind>;
  /** What the controllers' service accounts may do; undefined if that may not be asked. */
  readonly permissions?: readonly Permission[];
  readonly trials: readonly Trial[];
  /** What the controllers' pods answered. */
  readonly controllers: readonly Scrape[];
  /** What the proxies' pods answered. */
  readonly proxies: readonly Scrape[];
  /** Keys of the Services that something is sent to. */
  readonly usedServices: ReadonlySet<string>;
  /** What is said of documents, by themselves and between them. */
  readonly findings: readonly Finding[];
  /** What could not be looked at, in words. */
  readonly unread: readonly string[];
}

/** One thing that doctor looks at. */
export interface Check {
  /** In words, as it is listed. */
  readonly name: string;
  /** Kinds without which it can't say anything. */
  readonly needs: readonly string[];
  readonly codes: readonly FindingCode[];
  readonly examine: (facts: Facts) => Examined;
}

export interface Examined {
  readonly findings: readonly Finding[];
  /** What there is, in a few words. */
  readonly seen: string;
}

/** The objects of a kind that could be read. */
export function objectsOf(facts: Facts, kind: string): readonly ApiObject[] {
  return facts.kinds.get(kind)?.objects ?? [];
}

export function isWhole(facts: Facts, kind: string): boolean {
  return facts.kinds.get(kind)?.extent === "whole";
}

/** Now, by the API server's clock, which objects' times are by. */
export function serverNow({ now, serverClock }: Facts): Date {
  return new Date(now.getTime() + (serverClock?.aheadMs ?? 0));
}

export function referenceOf({ apiVersion, kind, metadata }: ApiObject): ResourceReference {
  const { namespace, name } = metadata;
  const { group } = splitApiVersion(apiVersion);
  return { group, kind, ...(namespace !== undefined && { namespace }), name };
}

/** Something that is wrong with an object. */
export function problem(
  code: FindingCode,
  object: ApiObject | ResourceReference,
  message: string,
  remedy: string,
  { severity = "error", path = [] }: { readonly severity?: Finding["severity"]; readonly path?: FieldPath } = {},
): Finding {
  const resource = "metadata" in object ? referenceOf(object) : object;
  return { severity, code, message, remedy, origin: { resource, path } };
}

/** Whether an object has all these labels. */
export function hasLabels({ metadata }: ApiObject, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value);
}

export function labelsAt(object: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const value = field(object, ...path);
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, text(entry)]));
}

export function numberAt(object: unknown, ...path: readonly (string | number)[]): number | undefined {
  const value = field(object, ...path);
  return typeof value === "number" ? value : undefined;
}

/** @example some(["a", "b", "c"], 2)  // "a, b and 1 more" */
export function some(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
