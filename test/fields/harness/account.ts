import type { Finding } from "../../../src/resources/finding.ts";
import { type FieldPath, formatPath } from "../../../src/resources/origin.ts";
import type { Json } from "../../../src/resources/schema.ts";
import type { Difference } from "./stage.ts";

/** What setting a field to something else did, in any of the worlds. */
export interface Account {
  /** Types of Envoy resources. */
  readonly configuration: Set<string>;
  /** Kinds of objects that a Gateway is given in a cluster. */
  readonly infrastructure: Set<string>;
  /** Kinds whose status differs. */
  readonly status: Set<string>;
  /** Codes of findings that name it. */
  readonly findings: Set<string>;
  /** Codes of findings that refuse the part in which it stands. */
  readonly refused: Set<string>;
  /** Of a field with a list of values: pairs of them that were tried. */
  readonly pairs: Map<string, Pair>;
}

/** Two values of a list, and whether it was ever seen that they differ. */
interface Pair {
  readonly values: readonly [Json, Json];
  readonly differ: boolean;
  /** Where they did not. */
  readonly alike?: string;
}

/** By {@link accountKey}. */
export type Accounts = ReadonlyMap<string, Account>;

/** @example accountKey("HTTPRoute", "spec.hostnames[]")  // "HTTPRoute spec.hostnames[]" */
export function accountKey(kind: string, path: string): string {
  return `${kind} ${path}`;
}

export function emptyAccount(): Account {
  return {
    configuration: new Set(),
    infrastructure: new Set(),
    status: new Set(),
    findings: new Set(),
    refused: new Set(),
    pairs: new Map(),
  };
}

/** Whether the field changes what is served or told; findings are another matter. */
export function hasEffect({ configuration, infrastructure, status }: Account): boolean {
  return configuration.size + infrastructure.size + status.size > 0;
}

/** Values of the field's list that were seen to differ from another one. */
export function distinguished({ pairs }: Account): ReadonlySet<Json> {
  return new Set([...pairs.values()].filter(({ differ }) => differ).flatMap(({ values }) => values));
}

/** Enters what a change of the field at `path` made of the worlds; true if anything. `mistakes` are findings about the object alone. */
export function enter(
  account: Account,
  differences: readonly Difference[],
  path: string,
  mistakes: readonly Finding[],
): boolean {
  for (const difference of differences) {
    for (const part of parts) for (const name of difference[part]) account[part].add(name);
  }
  if (differences.some(matters)) return true;
  const told = [...mistakes, ...differences.flatMap((difference) => difference.findings())];
  const naming = told.filter((finding) => names(finding, path));
  for (const { code } of naming) account.findings.add(code);
  return naming.length > 0;
}

const parts = ["configuration", "infrastructure", "status"] as const;

/** Whether anything differs that is served or told in status. */
export function matters(difference: Difference): boolean {
  return parts.some((part) => difference[part].size > 0);
}

/** Enters whether two values of the field's list came to the same, at a place. */
export function enterPair(account: Account, values: readonly [Json, Json], differ: boolean, where: string): void {
  const key = values
    .map((value) => JSON.stringify(value))
    .sort()
    .join(" and ");
  const known = account.pairs.get(key);
  account.pairs.set(key, {
    values,
    differ: differ || known?.differ === true,
    ...(differ ? {} : { alike: where }),
  });
}

/** Whether a finding is about a field: it is where the finding is, or the message says its name. */
export function names({ message, origin }: Finding, path: string): boolean {
  if (origin !== undefined && patternOf(origin.path) === path) return true;
  const whole = path.replace(/\.\*$/, "").replaceAll("[]", "");
  const name = path.startsWith("metadata.") ? whole : whole.slice(whole.lastIndexOf(".") + 1);
  return new RegExp(`(^|[^A-Za-z])${name}([^A-Za-z]|$)`).test(message);
}

function patternOf(path: FieldPath): string {
  return formatPath(path).replaceAll(/\[[0-9]+\]/g, "[]");
}
