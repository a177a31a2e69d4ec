import { apiVersionOf, findKind, type Kind, kinds, splitApiVersion } from "./kinds.ts";
import { type Mistake, mistake, warning } from "./mistake.ts";
import { insteadOf } from "./other-kinds.ts";
import { isJsonObject, type Json, type JsonObject } from "./schema.ts";
import { didYouMean, edits, nearest } from "./suggest.ts";

/** What a document is: an object of a kind and version that is read, or why it is none. */
export type Identity =
  | { readonly kind: Kind; readonly version: string; readonly value: JsonObject }
  | { readonly mistake: Mistake };

export const ownGroup = "gatewright.dev";
const gatewayApiGroup = /^gateway\.networking\.(x-)?k8s\.io$/;
const ours: ReadonlySet<string> = new Set([ownGroup, ...kinds.map(({ group }) => group)]);

/** Kinds of the core group that carry no traffic. Groups without a dot (apps, batch) and *.k8s.io are Kubernetes' too. */
const otherCoreKinds: ReadonlySet<string> = new Set([
  "Binding",
  "Event",
  "LimitRange",
  "Node",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Pod",
  "PodTemplate",
  "ReplicationController",
  "ResourceQuota",
  "ServiceAccount",
]);

/**
 * Which kind a document is of.
 *
 * A kind that carries no traffic is left out with a warning (`ignored-kind`), a kind that nobody knows with another
 * (`unknown-kind`). It is an error where a cluster would refuse the document too: no such version, a known kind in the
 * wrong group, a slip of the pen in the core group, anything unknown in the Gateway API's groups or our own.
 */
export function identify(value: Json): Identity {
  if (!isJsonObject(value)) {
    const what = Array.isArray(value) ? "a list" : `just ${JSON.stringify(value)}`;
    return {
      mistake: mistake(
        "not-an-object",
        [],
        `A resource is a mapping with apiVersion, kind and metadata; this is ${what}.`,
      ),
    };
  }
  const { apiVersion, kind } = value;
  if (typeof kind !== "string" || kind === "") return { mistake: missing("kind", value) };
  if (typeof apiVersion !== "string" || apiVersion === "") return { mistake: missing("apiVersion", value, kind) };
  const { group, version } = splitApiVersion(apiVersion);
  const found = findKind(group, kind);
  if (found === undefined) return { mistake: unknownKind(group, version, kind) };
  if (found.versions.includes(version)) return { kind: found, version, value };
  const right = apiVersionOf(group, found.versions[0]);
  return {
    mistake: mistake(
      "wrong-api-version",
      ["apiVersion"],
      `There is no ${kind} of ${apiVersion}.`,
      `Write apiVersion: ${right}.`,
      [{ kind: "set", path: ["apiVersion"], value: right }],
    ),
  };
}

function missing(field: "apiVersion" | "kind", value: JsonObject, kind?: string): Mistake {
  const given = value[field];
  if (given !== undefined && given !== null && given !== "") {
    return mistake("wrong-type", [field], `${field} must be a string, but is ${JSON.stringify(given)}.`);
  }
  const typo = Object.keys(value).find((key) => key !== field && nearest(key, ["apiVersion", "kind"]) === field);
  if (typo !== undefined) {
    return {
      ...mistake("unknown-field", [typo], `${typo} is not a field of a resource.`, `Did you mean "${field}"?`, [
        { kind: "rename", path: [typo], name: field },
      ]),
      atKey: true,
    };
  }
  const known = kinds.find((it) => it.kind === kind);
  const remedy = known === undefined ? undefined : `Write apiVersion: ${apiVersionOf(known.group, known.versions[0])}.`;
  const isResource =
    value["kind"] !== undefined || value["apiVersion"] !== undefined || value["metadata"] !== undefined;
  return isResource
    ? mistake("missing-field", [], `${field} is missing.`, remedy)
    : mistake("not-an-object", [], "This is no Kubernetes resource: it has neither apiVersion nor kind.");
}

function unknownKind(group: string, version: string, kind: string): Mistake {
  const apiVersion = apiVersionOf(group, version);
  if ((group === "networking.k8s.io" || group === "extensions") && kind === "Ingress") {
    const message = "Gatewright serves the Gateway API, and no Ingress; this one is left out.";
    const remedy =
      "Write an HTTPRoute: hosts are its hostnames, paths its matches, TLS Secrets stand in the Gateway's listener.";
    return warning("ingress-not-served", ["kind"], message, remedy);
  }
  const inWrongGroup = sameKindElsewhere(group, kind);
  if (inWrongGroup !== undefined) {
    const right = apiVersionOf(inWrongGroup.group, inWrongGroup.versions[0]);
    const message = `There is no ${kind} of ${apiVersion}.`;
    const fix = { kind: "set", path: ["apiVersion"], value: right } as const;
    return mistake("wrong-api-version", ["apiVersion"], message, `Write apiVersion: ${right}.`, [fix]);
  }
  if (ours.has(group)) {
    const inGroup = kinds.filter((it) => it.group === group).map((it) => it.kind);
    const isOther = group === "" && otherCoreKinds.has(kind);
    const isWhole = group === ownGroup || gatewayApiGroup.test(group);
    const advice = gatewayApiGroup.test(group) ? insteadOf(kind) : undefined;
    const meant = isOther || advice !== undefined ? undefined : nearest(kind, inGroup);
    if (meant !== undefined || isWhole) {
      const remedy =
        advice ??
        didYouMean(
          kind,
          meant === undefined ? [] : inGroup,
          inGroup.length === 0 ? undefined : `Kinds of ${group}: ${inGroup.join(", ")}.`,
        );
      const fix = meant === undefined ? [] : [{ kind: "set", path: ["kind"], value: meant } as const];
      return mistake("unknown-kind", ["kind"], `${apiVersion} has no kind ${kind}.`, remedy, fix);
    }
  }
  const isKubernetes =
    group === "" ? otherCoreKinds.has(kind) : !group.includes(".") || /(^|\.)(?<!x-)k8s\.io$/.test(group);
  if (isKubernetes && !ours.has(group || "core")) {
    return warning("ignored-kind", ["kind"], `${kind} (${apiVersion}) carries no traffic and is left out.`);
  }
  const named = kinds.find((it) => nearest(kind, [it.kind]) === it.kind && edits(group, it.group, 3) <= 3);
  return warning(
    "unknown-kind",
    ["kind"],
    `Gatewright knows no kind ${kind} of ${apiVersion} and leaves it out.`,
    named === undefined
      ? undefined
      : `Did you mean "${named.kind}" of ${apiVersionOf(named.group, named.versions[0])}?`,
  );
}

/** A kind that we know under another group, if the group given is one that can't have it: Kubernetes' own or a slip. */
function sameKindElsewhere(group: string, kind: string): Kind | undefined {
  return kinds.find(
    (it) =>
      it.kind === kind &&
      it.group !== group &&
      (group === "" || !group.includes(".") || /(^|\.)(x-)?k8s\.io$/.test(group) || edits(group, it.group, 3) <= 3),
  );
}
