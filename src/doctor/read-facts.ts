import { controllerName } from "../gateway/class.ts";
import { managedBy } from "../infrastructure/names.ts";
import { isReason } from "../kubernetes/api-error.ts";
import type { ApiObject, ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { field, list, text } from "../resources/field.ts";
import { apiVersionOf } from "../resources/kinds.ts";
import { type Facts, type FactsOfKind, hasLabels, type Scrape } from "./facts.ts";
import { controllerLabels, leaseName } from "./installation.ts";
import { readClock } from "./read-clock.ts";
import { readPermissions } from "./read-permissions.ts";
import { scrape } from "./read-scrapes.ts";
import { tryWrites } from "./read-trials.ts";

/** Kubernetes' own kinds that Gatewright does not serve, and what runs it. */
const resources = {
  Pod: core("Pod", "pods"),
  Deployment: { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true },
  DaemonSet: { group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true },
  Event: core("Event", "events"),
  Node: { ...core("Node", "nodes"), namespaced: false },
  Lease: { group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases", namespaced: true },
  NetworkPolicy: {
    group: "networking.k8s.io",
    version: "v1",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    namespaced: true,
  },
  ValidatingWebhookConfiguration: admission("ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
  MutatingWebhookConfiguration: admission("MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
  CustomResourceDefinition: {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    namespaced: false,
  },
} as const satisfies Readonly<Record<string, ApiResource>>;

export interface FactOptions {
  /** Of the kinds that Gatewright serves: they have been read already. */
  readonly served: ReadonlyMap<string, FactsOfKind>;
  readonly findings: Facts["findings"];
  readonly usedServices: Facts["usedServices"];
  /** Told what is being done, for whoever waits. */
  readonly progress?: (what: string) => void;
}

/**
 * Reads everything that checks look at. What may not be read, or does not answer, is told in the facts.
 *
 * Nothing is changed: writes are only tried (`dryRun=All`).
 *
 * @throws ApiError, AccessError if the API server doesn't answer at all
 */
export async function readFacts(client: KubernetesClient, options: FactOptions): Promise<Facts> {
  const { served, findings, usedServices, progress = () => {} } = options;
  progress("reading what runs");
  const clock = await readClock(client);
  const own = await readOwn(client, served);
  const kinds = new Map([...served, ...own]);
  const controllers = objects(kinds, "Deployment").filter((deployment) => hasLabels(deployment, controllerLabels));
  progress("asking what the controller may do");
  const permissions = await readPermissions(client, controllers);
  progress("trying the controller's writes");
  const trials = await tryWrites(client, controllers, kinds);
  progress("asking pods");
  const scrapes = await Promise.all(
    [
      { labels: controllerLabels, port: 19_002, path: "metrics" },
      { labels: managedBy, port: 19_003, path: "stats/prometheus" },
    ].map(async ({ labels, port, path }) =>
      scrape(
        client,
        objects(kinds, "Pod").filter((pod) => hasLabels(pod, labels) && isRunning(pod)),
        port,
        path,
      ),
    ),
  );
  const [ofControllers = [], ofProxies = []] = scrapes;
  return {
    ...clock,
    kinds: new Map([...kinds, ["SubjectAccessReview", answered(permissions.answers !== undefined)]]),
    ...(permissions.answers !== undefined && { permissions: permissions.answers }),
    trials: trials.trials,
    controllers: ofControllers,
    proxies: ofProxies,
    findings,
    usedServices,
    unread: [
      ...permissions.unread,
      ...trials.unread,
      ...unasked("controllers", ofControllers),
      ...unasked("proxies", ofProxies),
    ],
  };
}

/** Pods that could not be asked how they do. */
function unasked(whose: string, scrapes: readonly Scrape[]): readonly string[] {
  const silent = scrapes.filter(({ metrics }) => metrics === undefined);
  const [first] = silent;
  if (first === undefined) return [];
  return [
    `How ${silent.length} of ${scrapes.length} ${whose} do: ${first.namespace}/${first.pod} can't be asked: ${first.problem ?? ""}.`,
  ];
}

/** For what is not listed, and may be refused all the same. */
function answered(isAnswered: boolean): FactsOfKind {
  return { extent: isAnswered ? "whole" : "refused", objects: [] };
}

async function readOwn(
  client: KubernetesClient,
  served: ReadonlyMap<string, FactsOfKind>,
): Promise<readonly (readonly [string, FactsOfKind])[]> {
  const labelled = (resource: ApiResource) =>
    readList(
      client,
      resource,
      [controllerLabels, managedBy].map((labels) => ({ labelSelector: selectorOf(labels) })),
    );
  const [deployments, daemonSets] = await Promise.all([labelled(resources.Deployment), labelled(resources.DaemonSet)]);
  const workloads = [...deployments.objects, ...daemonSets.objects];
  const around = [...new Set([...interesting(served), ...workloads.map(({ metadata }) => metadata.namespace ?? "")])];
  const nearby = (resource: ApiResource, selection: Selection = {}) =>
    readList(
      client,
      resource,
      around.map((namespace) => ({ namespace, ...selection })),
    );
  const everywhere = (resource: ApiResource) => readList(client, resource, [{}]);
  const [pods, events, policies, nodes, leases, validating, mutating, definitions] = await Promise.all([
    nearby(resources.Pod),
    nearby(resources.Event, { fieldSelector: "type=Warning" }),
    nearby(resources.NetworkPolicy),
    everywhere(resources.Node),
    readList(client, resources.Lease, [
      { fieldSelector: `metadata.name=${leaseName}` },
      { namespace: "kube-node-lease" },
    ]),
    everywhere(resources.ValidatingWebhookConfiguration),
    everywhere(resources.MutatingWebhookConfiguration),
    readDefinitions(client),
  ]);
  return [
    ["Deployment", deployments],
    ["DaemonSet", daemonSets],
    ["Pod", pods],
    ["Event", events],
    ["Node", nodes],
    ["Lease", leases],
    ["NetworkPolicy", policies],
    ["ValidatingWebhookConfiguration", validating],
    ["MutatingWebhookConfiguration", mutating],
    ["CustomResourceDefinition", definitions],
  ];
}

/** @example selectorOf({ app: "web" })  // "app=web" */
function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
}

/** Namespaces in which Gateways of ours are, or a Service that a route leads to. */
function interesting(served: ReadonlyMap<string, FactsOfKind>): readonly string[] {
  const found = new Set<string>();
  const all = [...served.entries()];
  const classes = (served.get("GatewayClass")?.objects ?? [])
    .filter((gatewayClass) => text(field(gatewayClass, "spec", "controllerName")) === controllerName)
    .map(({ metadata }) => metadata.name);
  for (const gateway of served.get("Gateway")?.objects ?? []) {
    if (classes.includes(text(field(gateway, "spec", "gatewayClassName")))) found.add(gateway.metadata.namespace ?? "");
  }
  for (const [kind, { objects: routes }] of all) {
    if (!kind.endsWith("Route")) continue;
    for (const route of routes) {
      for (const rule of list(field(route, "spec", "rules"))) {
        for (const backend of list(field(rule, "backendRefs"))) {
          found.add(text(field(backend, "namespace")) || (route.metadata.namespace ?? ""));
        }
      }
    }
  }
  return [...found].sort();
}

type Selection = NonNullable<Parameters<KubernetesClient["list"]>[1]>;

/** Objects of several selections; `partly` if some of them may not be read. */
async function readList(
  client: KubernetesClient,
  resource: ApiResource,
  selections: readonly Selection[],
): Promise<FactsOfKind> {
  const lists = await Promise.all(selections.map((selection) => readSelection(client, resource, selection)));
  const found = lists.flatMap((each) => each ?? []);
  const refused = lists.filter((each) => each === undefined).length;
  const extent = refused === 0 ? "whole" : refused === lists.length ? "refused" : "partly";
  const unique = new Map(found.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
  return { extent, objects: [...unique.values()] };
}

async function readSelection(
  client: KubernetesClient,
  resource: ApiResource,
  selection: Selection,
): Promise<readonly ApiObject[] | undefined> {
  const { group, version, kind } = resource;
  const found: ApiObject[] = [];
  try {
    for await (const { items } of client.list(resource, { ...selection, limit: 500 })) {
      // Items of a list don't say what they are, since the list does.
      for (const item of items) found.push({ ...item, apiVersion: apiVersionOf(group, version), kind });
    }
    return found;
  } catch (error) {
    if (isReason(error, "Forbidden")) return undefined;
    if (isReason(error, "NotFound")) return [];
    throw error;
  }
}

/** Definitions are large: names first, and then ours. */
async function readDefinitions(client: KubernetesClient): Promise<FactsOfKind> {
  const resource = resources.CustomResourceDefinition;
  const named = await readList(client, resource, [{ metadataOnly: true }]);
  const ours = named.objects.filter(({ metadata }) =>
    /\.(gateway\.networking\.(x-)?k8s\.io|gatewright\.dev)$/.test(metadata.name),
  );
  const whole = await Promise.all(ours.map(({ metadata }) => client.get(resource, metadata)));
  return { extent: named.extent, objects: whole.flatMap((object) => object ?? []) };
}

function objects(kinds: ReadonlyMap<string, FactsOfKind>, kind: string): readonly ApiObject[] {
  return kinds.get(kind)?.objects ?? [];
}

function isRunning(pod: ApiObject): boolean {
  return text(field(pod, "status", "phase")) === "Running" && pod.metadata.deletionTimestamp === undefined;
}

function core(kind: string, plural: string): ApiResource {
  return { group: "", version: "v1", kind, plural, namespaced: true };
}

function admission(kind: string, plural: string): ApiResource {
  return { group: "admissionregistration.k8s.io", version: "v1", kind, plural, namespaced: false };
}
