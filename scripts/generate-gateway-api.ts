/**
 * Writes src/resources/generated: the kinds of the Gateway API and those of Kubernetes that Gatewright reads.
 *
 *     node scripts/generate-gateway-api.ts      # or: npm run generate
 *
 * - `crds/{standard,experimental}/<plural>.json`: the CustomResourceDefinitions of each channel
 * - `crds/own/<plural>.json`: kinds of our own, from scripts/generate/*.yaml, of which it also writes
 *   charts/gatewright/crds/<plural>.yaml
 * - `core/<plural>.json`: Kubernetes' own kinds in the same shape, and `core/object-meta.json`, the schema of `metadata`
 * - `gateway-api.ts`, `gatewright-api.ts`, `core.ts`, `meta.ts`: their types; for the Gateway API those of the experimental channel, which
 *   holds all of the standard one
 * - `kinds.ts`: which kinds there are, so that a schema is read only when an object of its kind turns up
 *
 * Pinned below by version and hash. Needs Go 1.26 and, the first time, its module proxy; .cache/generate keeps the
 * inputs. What it writes is committed, so nothing else needs Go.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { coreDefinition, coreKinds, objectMeta } from "./generate/core.ts";
import { cached, download, gatewayApi } from "./generate/go.ts";
import { definitionText, ownDefinitions, ownKinds } from "./generate/own.ts";
import { type CustomResourceDefinition, type Definitions, type Schema, shortened } from "./generate/schema.ts";
import { type Kind, typeModules } from "./generate/types.ts";

const kubernetes = {
  path: "k8s.io/kubernetes",
  version: "v1.36.3",
  sum: "h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=",
};
const output = "src/resources/generated";
const channels = ["standard", "experimental"] as const;

interface Inputs {
  readonly crds: Readonly<Record<(typeof channels)[number], readonly CustomResourceDefinition[]>>;
  readonly gatewayDefinitions: Definitions;
  readonly coreDefinitions: Definitions;
}

process.chdir(join(import.meta.dirname, ".."));
const inputs: Inputs = JSON.parse(
  cached("kubernetes.json", [gatewayApi.sum, kubernetes.sum, readFileSync(import.meta.filename)], () =>
    Buffer.from(JSON.stringify(readInputs())),
  ).toString(),
);
const core = coreKinds.map((kind) => coreDefinition(kind, inputs.coreDefinitions));
const own = ownKinds(inputs.coreDefinitions, policyStatus());

rmSync(output, { recursive: true, force: true });
for (const channel of channels) for (const crd of inputs.crds[channel]) writeDefinition(`crds/${channel}`, crd);
for (const definition of own) {
  writeDefinition("crds/own", definition);
  writeFileSync(`charts/gatewright/crds/${definition.spec.names.plural}.yaml`, definitionText(definition));
}
for (const definition of core) writeDefinition("core", definition);
writeJson("core/object-meta.json", shortened(objectMeta(inputs.coreDefinitions)));
for (const [file, text] of types()) write(file, text);
write("kinds.ts", kindsText());

function readInputs(): Inputs {
  const gateway = download(gatewayApi);
  const openApi = join(download(kubernetes), "api/openapi-spec/v3");
  const readCrds = (channel: string) => {
    const folder = join(gateway, "config/crd", channel);
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    const documents = files.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS()));
    return documents.filter((document) => document?.kind === "CustomResourceDefinition");
  };
  return {
    crds: { standard: readCrds("standard"), experimental: readCrds("experimental") },
    gatewayDefinitions: readDefinitions(join(gateway, "api/openapi-spec/experimental-swagger.json")),
    coreDefinitions: {
      ...readDefinitions(join(openApi, "api__v1_openapi.json")),
      ...readDefinitions(join(openApi, "apis__autoscaling__v2_openapi.json")),
      ...readDefinitions(join(openApi, "apis__discovery.k8s.io__v1_openapi.json")),
      ...readDefinitions(join(openApi, "apis__certificates.k8s.io__v1beta1_openapi.json")),
      ...readDefinitions(join(openApi, "apis__certificates.k8s.io__v1alpha1_openapi.json")),
    },
  };
}

/** As XBackendTrafficPolicy, a policy of the Gateway API for backends, has it. */
function policyStatus(): Schema {
  const policy = inputs.crds.experimental.find(({ spec }) => spec.names.kind === "XBackendTrafficPolicy");
  const status = policy?.spec.versions[0]?.schema.openAPIV3Schema.properties?.["status"];
  if (status === undefined) throw new Error("XBackendTrafficPolicy has no status");
  return status;
}

/** The definitions of an OpenAPI document, which version 2 and 3 keep in different places. */
function readDefinitions(file: string): Definitions {
  const document = JSON.parse(readFileSync(file, "utf8"));
  return document.definitions ?? document.components.schemas;
}

function types(): ReadonlyMap<string, string> {
  const definitions = { ...inputs.coreDefinitions, ...inputs.gatewayDefinitions, ...ownDefinitions };
  const kinds = [...inputs.crds.experimental, ...own, ...core].map((definition) => kindOf(definition, definitions));
  return typeModules(kinds, definitions, [
    {
      file: "gateway-api.ts",
      documentation: `Gateway API ${gatewayApi.version}, experimental channel, as read after defaults have been applied.`,
      holds: (definition) => definition.includes(".networking.gateway."),
    },
    {
      file: "gatewright-api.ts",
      documentation: "Gatewright's own kinds.",
      holds: (definition) => definition.startsWith("dev.gatewright."),
    },
    {
      file: "core.ts",
      documentation: `Kubernetes ${kubernetes.version}, as read after defaults have been applied.`,
      holds: (definition) => definition.startsWith("io.k8s.api."),
    },
    {
      file: "meta.ts",
      documentation: `What the kinds share, of Kubernetes ${kubernetes.version}.`,
      holds: (definition) => definition.startsWith("io.k8s.apimachinery.") && !definition.endsWith(".ObjectMeta"),
    },
  ]);
}

/** The version that types are written for: v1 where there is one, and else the only one. */
function kindOf({ spec: { group, names, versions } }: CustomResourceDefinition, definitions: Definitions): Kind {
  const version = versions.find(({ name }) => name === "v1") ?? versions[0];
  const definition = Object.entries(definitions).find(([, schema]) =>
    schema["x-kubernetes-group-version-kind"]?.some(
      (it) => it.group === group && it.kind === names.kind && it.version === version?.name,
    ),
  );
  if (version === undefined || definition === undefined) throw new Error(`no definition is a ${group} ${names.kind}`);
  return {
    definition: definition[0],
    kind: names.kind,
    apiVersions: versions.map(({ name }) => (group === "" ? name : `${group}/${name}`)),
    schema: version.schema.openAPIV3Schema,
  };
}

/** Every kind, with what is needed to recognise an object of it and to find its schema. */
function kindsText(): string {
  const standard = new Set(inputs.crds.standard.map(({ metadata }) => metadata.name));
  return [
    "// @generated by scripts/generate-gateway-api.ts",
    "/** Every kind that has a schema, which is in `<plural>.json` in each of its folders. */",
    "export const kinds = [",
    ...core.map((definition) => kindText(definition, ["core"])),
    ...inputs.crds.experimental.map((crd) =>
      kindText(crd, [...(standard.has(crd.metadata.name) ? ["crds/standard"] : []), "crds/experimental"]),
    ),
    ...own.map((definition) => kindText(definition, ["crds/own"])),
    "] as const;",
    "",
  ].join("\n");
}

function kindText(
  { spec: { group, names, scope, versions } }: CustomResourceDefinition,
  folders: readonly string[],
): string {
  const { kind, plural, shortNames = [] } = names;
  return `  ${JSON.stringify({ group, kind, plural, shortNames, scope, versions: versions.map(({ name }) => name), folders })},`;
}

function writeDefinition(folder: string, { spec, ...definition }: CustomResourceDefinition): void {
  const versions = spec.versions.map((version) => ({
    ...version,
    schema: { openAPIV3Schema: shortened(version.schema.openAPIV3Schema) },
  }));
  writeJson(`${folder}/${spec.names.plural}.json`, { ...definition, spec: { ...spec, versions } });
}

function writeJson(file: string, value: unknown): void {
  write(file, `${JSON.stringify(value)}\n`);
}

function write(file: string, text: string): void {
  const path = join(output, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
