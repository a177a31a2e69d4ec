import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { isKnownVersion } from "../status/supported-version.ts";
import { type Check, type Facts, isWhole, objectsOf, problem, some } from "./facts.ts";
import { outdatedDefinitions } from "./outdated-definition.ts";
import { conditionOf } from "./workload-trouble.ts";

const gatewayApi = "gateway.networking.k8s.io";
function install(ours: readonly ApiObject[]): string {
  const channel = ours.some((definition) => annotation(definition, "channel") === "experimental")
    ? "experimental"
    : "standard";
  return `kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.7.0/${channel}-install.yaml`;
}

/** Without these, nothing is served. */
const needed = ["gatewayclasses", "gateways", "httproutes"];

/** What the standard channel of v1.7 has besides. */
const usual = [
  "backendtlspolicies",
  "grpcroutes",
  "listenersets",
  "referencegrants",
  "tcproutes",
  "tlsroutes",
  "udproutes",
];

/** Are the Gateway API's definitions there, of one release and channel? */
export const checkDefinitions: Check = {
  name: "Custom resources",
  needs: ["CustomResourceDefinition"],
  codes: [
    "missing-definition",
    "mixed-definitions",
    "outdated-definition",
    "stored-version",
    "unsupported-definitions",
  ],
  examine: (facts) => {
    const all = objectsOf(facts, "CustomResourceDefinition");
    const ours = all.filter((definition) => groupOf(definition) === gatewayApi);
    const releases = groupedBy(ours, (definition) => annotation(definition, "bundle-version"));
    const channels = groupedBy(ours, (definition) => annotation(definition, "channel"));
    return {
      seen:
        [...releases.keys()].map((release) => `Gateway API ${release}`).join(", ") +
        ` (${[...channels.keys()].join(", ")})`,
      findings: [
        ...missing(facts, ours),
        ...all.flatMap(notEstablished),
        ...mixed(ours, releases, "release"),
        ...mixed(ours, channels, "channel"),
        ...unsupported(ours),
        ...all.flatMap(storedVersions),
        ...(isWhole(facts, "CustomResourceDefinition") ? outdatedDefinitions(all) : []),
      ],
    };
  },
};

function missing(facts: Facts, ours: readonly ApiObject[]): readonly Finding[] {
  if (!isWhole(facts, "CustomResourceDefinition")) return [];
  const has = new Set(ours.map(pluralOf));
  const lacking = needed.filter((plural) => !has.has(plural));
  const less = usual.filter((plural) => !has.has(plural));
  const definition = (plural: string) => ({
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    name: `${plural}.${gatewayApi}`,
  });
  const [first] = lacking;
  if (first !== undefined) {
    return [
      problem(
        "missing-definition",
        definition(first),
        `The cluster does not have ${lacking.join(", ")} of ${gatewayApi}: the Gateway API is not installed, or not all of it.`,
        install(ours),
      ),
    ];
  }
  const [next] = less;
  if (next === undefined) return [];
  return [
    problem(
      "missing-definition",
      definition(next),
      `The cluster does not have ${less.join(", ")} of ${gatewayApi}: such objects can't be made. What there is, is served.`,
      `If somebody needs them: ${install(ours)}`,
      { severity: "warning" },
    ),
  ];
}

function notEstablished(definition: ApiObject): readonly Finding[] {
  const condition = ["NamesAccepted", "Established"]
    .map((type) => conditionOf(definition, type))
    .find((each) => each !== undefined && each.status === "False");
  if (condition === undefined) return [];
  return [
    problem(
      "missing-definition",
      definition,
      `The definition is there, and its kind is not served (${condition.reason}): ${condition.message}`,
      `kubectl describe crd ${definition.metadata.name}; another definition may have its names.`,
    ),
  ];
}

function mixed(
  ours: readonly ApiObject[],
  groups: ReadonlyMap<string, readonly ApiObject[]>,
  what: "release" | "channel",
): readonly Finding[] {
  const sorted = [...groups.entries()].sort(([, left], [, right]) => left.length - right.length);
  const [odd] = sorted;
  if (odd === undefined || groups.size < 2) return [];
  const [, [object]] = odd;
  // Kinds that only the experimental channel has are no mixture.
  if (object === undefined || ours.length === 0) return [];
  const groupsInWords = sorted.map(([name, of]) => `${name}: ${some(of.map(pluralOf), 4)}`).join("; ");
  return [
    problem(
      "mixed-definitions",
      object,
      `The Gateway API's definitions are of several ${what}s (${groupsInWords}). Fields and kinds of one do not fit those of the other: what one of them does not know, the API server drops in silence.`,
      `Install all of one release and channel; whoever shipped the odd ones (a chart of another product, often) should not. ${install(ours)}`,
      {
        path: ["metadata", "annotations", `${gatewayApi}/${what === "release" ? "bundle-version" : "channel"}`],
        // Kinds of the experimental channel beside standard ones work, as long as nobody replaces the one by the other.
        severity: what === "release" ? "error" : "warning",
      },
    ),
  ];
}

function unsupported(ours: readonly ApiObject[]): readonly Finding[] {
  const unknown = ours.filter((definition) => !isKnownVersion(annotation(definition, "bundle-version")));
  const [first] = unknown;
  if (first === undefined) return [];
  return [
    problem(
      "unsupported-definitions",
      first,
      `Gatewright knows the Gateway API v1.0 to v1.7, and these definitions are of another release: ${some(unknown.map((each) => `${pluralOf(each)} (${annotation(each, "bundle-version")})`))}. Fields that it does not know have no effect.`,
      `Update Gatewright, or install definitions that it knows: ${install(ours)}`,
      { severity: "warning" },
    ),
  ];
}

/** What was once stored in a version keeps that version in the definition: a release without it can't be installed. */
function storedVersions(definition: ApiObject): readonly Finding[] {
  const versions = list(field(definition, "spec", "versions"));
  const storage = text(
    field(
      versions.find((version) => field(version, "storage") === true),
      "name",
    ),
  );
  const served = versions
    .filter((version) => field(version, "served") === true)
    .map((version) => text(field(version, "name")));
  const stored = list(field(definition, "status", "storedVersions")).map(text);
  const old = stored.filter((version) => version !== storage);
  if (old.length === 0) return [];
  return [
    problem(
      "stored-version",
      definition,
      `Objects may be stored as ${old.join(", ")}${old.some((version) => !served.includes(version)) ? ", which is not served any more" : ""}; new ones are stored as ${storage}. A release without the old version can't be installed while it is listed.`,
      `Write every object again (kubectl get ${definition.metadata.name} -A -o json | kubectl replace -f -), then: kubectl patch crd ${definition.metadata.name} --subresource=status --type=merge -p '{"status":{"storedVersions":["${storage}"]}}'`,
      { severity: "warning", path: ["status", "storedVersions"] },
    ),
  ];
}

function annotation({ metadata }: ApiObject, name: "bundle-version" | "channel"): string {
  return metadata.annotations?.[`${gatewayApi}/${name}`] ?? "unknown";
}

function groupOf(definition: ApiObject): string {
  return text(field(definition, "spec", "group"));
}

function pluralOf(definition: ApiObject): string {
  return text(field(definition, "spec", "names", "plural"));
}

function groupedBy(objects: readonly ApiObject[], by: (object: ApiObject) => string): ReadonlyMap<string, ApiObject[]> {
  const groups = new Map<string, ApiObject[]>();
  for (const object of objects) {
    const group = groups.get(by(object));
    if (group === undefined) groups.set(by(object), [object]);
    else group.push(object);
  }
  return groups;
}
