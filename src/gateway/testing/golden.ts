import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { stringify } from "yaml";
import { createAuthority } from "../../../examples/seeds/certificate-authority.ts";
import { ControlPlane } from "../../control-plane/control-plane.ts";
import type { Finding } from "../../resources/finding.ts";
import { type KubernetesObject, keyOf } from "../../resources/object.ts";
import { readDocuments } from "../../resources/read-documents.ts";
import type { GatewayStatus, ObjectStatus, StatusCondition } from "../../status/object-status.ts";
import { isResourceKind } from "../inputs.ts";
import { onThisMachine } from "../placement.ts";
import { withKeyPairs } from "./key-pairs.ts";
import { describeChain, describeCluster, describeEndpoints, describeTable, describeTrust } from "./notation.ts";

/**
 * A rule of the API as a folder of YAML shows it: what people write, and what becomes of it.
 *
 * `X.in.yaml` is read together with every `shared.yaml` of its folder and of those above. `X.out.yaml` says the findings,
 * the status of the objects of `X.in.yaml`, and all that is served.
 */
export interface Golden {
  /** `http-route/weights`. */
  readonly name: string;
  readonly outputFile: string;
  /** Of the input, then those of `shared.yaml`. */
  readonly objects: readonly KubernetesObject[];
  /** Keys of the status that is shown. */
  readonly own: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

const testdata = join(import.meta.dirname, "..", "testdata");

/** All inputs below `testdata/`, by name. */
export async function readGoldens(): Promise<readonly Golden[]> {
  const files = globSync("**/*.in.yaml", { cwd: testdata }).sort();
  return Promise.all(files.map((file) => readGolden(file)));
}

async function readGolden(file: string): Promise<Golden> {
  const name = file.replace(/\.in\.yaml$/, "");
  const text = await withKeyPairs(readFileSync(join(testdata, file), "utf8"));
  const documents = readDocuments(text, basename(file));
  const own = documents.flatMap(({ object }) => object ?? []);
  return {
    name,
    outputFile: join(testdata, `${name}.out.yaml`),
    objects: [...own, ...sharedBy(dirname(join(testdata, file)))],
    own: new Set(own.map((object) => `${object.kind}/${keyOf(object)}`)),
    findings: documents.flatMap(({ findings }) => findings),
  };
}

function sharedBy(folder: string): readonly KubernetesObject[] {
  const above = relative(testdata, folder) === "" ? [] : sharedBy(dirname(folder));
  const files = globSync("shared.yaml", { cwd: folder });
  const here = files.flatMap((file) => readDocuments(readFileSync(join(folder, file), "utf8"), file));
  for (const finding of here.flatMap(({ findings }) => findings)) throw new Error(`${folder}: ${finding.message}`);
  return [...here.flatMap(({ object }) => object ?? []), ...above];
}

const system = await createAuthority("system");

/** A control plane whose one proxy is ready, at 192.0.2.1. A derivation that throws fails the test. */
export function createPlane(): ControlPlane {
  const plane = new ControlPlane({ placement: onThisMachine("proxy"), systemCertificates: () => system.certificate });
  plane.proxies.set("proxy", {
    ready: true,
    message: "",
    addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
    refusedSockets: {},
  });
  return plane;
}

export function put(plane: ControlPlane, objects: readonly KubernetesObject[]): void {
  plane.apply({ changes: objects.map((object) => ({ ...identify(object), object })), findings: new Map() });
}

export function remove(plane: ControlPlane, object: KubernetesObject): void {
  plane.apply({ changes: [{ ...identify(object), object: undefined }], findings: new Map() });
}

function identify(object: KubernetesObject) {
  const { kind, metadata } = object;
  const { name, namespace } = metadata;
  const reference = { group: object.apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
  return { kind, key: keyOf(object), reference, locate: () => undefined };
}

/** What became of the objects, as the text of the output file. */
export function describeOutcome(plane: ControlPlane, { own, findings }: Golden): string {
  const { sockets, hostTables, clusters, endpointSets, certificates, trustBundles } = plane.semantics;
  const outcome = {
    findings: findings.map(describeFinding),
    status: record(
      sorted(plane.status).filter(([key]) => own.has(key)),
      describeStatus,
    ),
    sockets: record(sorted(sockets), ({ chains }) => chains.map(describeChain)),
    hosts: record(sorted(hostTables), describeTable),
    clusters: record(sorted(clusters), describeCluster),
    endpoints: record(sorted(endpointSets), describeEndpoints),
    certificates: sorted(certificates).map(([, { name }]) => name),
    trust: record(sorted(trustBundles), describeTrust),
  };
  const shown = Object.entries(outcome).filter(([, part]) => Object.keys(part).length > 0);
  return stringify(Object.fromEntries(shown), { lineWidth: 0 });
}

function describeFinding({ severity, code, message, location }: Finding): string {
  return `${location === undefined ? "" : `${location.line}:${location.column} `}${severity} ${code}: ${message}`;
}

function describeStatus({ status }: ObjectStatus): unknown {
  if ("parents" in status) {
    return status.parents.map(({ parentRef, conditions }) => {
      const { kind, namespace, name, sectionName, port } = parentRef;
      const parts = [
        ...(kind === "Gateway" ? [] : [kind]),
        namespace === undefined ? name : `${namespace}/${name}`,
        ...(sectionName === undefined ? [] : [`section ${sectionName}`]),
        ...(port === undefined ? [] : [`port ${port}`]),
      ];
      return { [parts.join(" ")]: describeConditions(conditions) };
    });
  }
  if ("ancestors" in status) {
    return status.ancestors.map(({ ancestorRef: { kind, namespace, name }, conditions }) => ({
      [`${kind} ${namespace}/${name}`]: describeConditions(conditions),
    }));
  }
  if (!("listeners" in status)) return describeConditions(status.conditions);
  return {
    ...("addresses" in status ? describeGateway(status) : {}),
    conditions: describeConditions(status.conditions),
    listeners: Object.fromEntries(
      status.listeners.map(({ name, supportedKinds, attachedRoutes, conditions }) => [
        name,
        {
          attachedRoutes: `${attachedRoutes} of ${supportedKinds.map(({ kind }) => kind).join(" ") || "no kind"}`,
          conditions: describeConditions(conditions),
        },
      ]),
    ),
  };
}

function describeGateway({ addresses, attachedListenerSets }: GatewayStatus): object {
  return {
    addresses: addresses.map(({ value }) => value).join(" "),
    ...(attachedListenerSets === 0 ? {} : { attachedListenerSets }),
  };
}

/** Everything as it should be in one line, and a line for each thing that is not. */
function describeConditions(conditions: readonly StatusCondition[]): string | readonly string[] {
  const good = conditions.filter((condition) => isGood(condition)).map(({ reason }) => reason);
  const generations = new Set(conditions.map(({ observedGeneration }) => observedGeneration));
  const lines = [
    ...(good.length === 0 ? [] : [good.join(", ")]),
    ...conditions
      .filter((condition) => !isGood(condition))
      .map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`),
    ...(generations.size === 1 && generations.has(1) ? [] : [`observed generation ${[...generations].join(" ")}`]),
  ];
  const [only, ...more] = lines;
  return only !== undefined && more.length === 0 ? only : lines;
}

/** As it should be, with nothing to add. */
function isGood({ type, status, reason, message }: StatusCondition): boolean {
  if (/^Attached to .* of (Gateway|ListenerSet) \S+\. ./.test(message)) return false;
  return type === "Conflicted" ? status === "False" : status === "True" && reason === type;
}

function record<V>(entries: readonly (readonly [string, V])[], describe: (value: V) => unknown): object {
  return Object.fromEntries(entries.map(([key, value]) => [key.replace(/^proxy\|/, ""), describe(value)]));
}

function sorted<V>(collection: { entries(): Iterable<[string, V]> }): readonly [string, V][] {
  return [...collection.entries()].sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Objects of kinds that no rule of the API reads would make a golden file say less than it seems to. */
export function unread({ objects }: Golden): readonly string[] {
  return objects.filter(({ kind }) => !isResourceKind(kind)).map(({ kind }) => kind);
}
