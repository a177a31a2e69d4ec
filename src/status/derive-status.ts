import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { prefixed } from "../collections/renaming.ts";
import { clusterName } from "../gateway/backend.ts";
import { endpointSetName } from "../gateway/derive-destinations.ts";
import type { ResourceKinds, Resources } from "../gateway/inputs.ts";
import { type ListenerParentKind, parentKey } from "../gateway/listener-parent.ts";
import { acceptMesh } from "../gateway/mesh.ts";
import { stateKey } from "../gateway/placement.ts";
import { type AncestorKind, ancestorKinds } from "../gateway/policy-ancestors.ts";
import { asRoutes, routeKey } from "../gateway/route.ts";
import { experimentalGroup, gatewayGroup, type RouteKind, routeKinds } from "../gateway/route-kind.ts";
import type { Semantics } from "../gateway/semantics.ts";
import { splitApiVersion } from "../resources/kinds.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { gatewayStatus, waitingForClass, waitingGatewayStatus } from "./gateway-status.ts";
import { isAttached, listenerSetStatus } from "./listener-set-status.ts";
import { type GatewayStatus, type ObjectStatus, observed } from "./object-status.ts";
import { policyStatus, withoutRoom } from "./policy-status.ts";
import { noProxy, type ProxyState } from "./proxy-state.ts";
import { allBackends, deriveRefusals, type Refusal, type RefusalCollections } from "./refusal.ts";
import { routeStatus } from "./route-status.ts";
import { supportedFeatures } from "./supported-features.ts";
import { type DefinitionVersion, isStandardChannel, supportedVersion } from "./supported-version.ts";

/** Where the list of definitions is kept. */
export const definitionsKey = "definitions";

/**
 * The status of every object that is ours, by `Kind/namespace/name` (`Kind/name` for GatewayClasses).
 *
 * `proxies` tells what the Envoys say, by {@link stateKey}; where there is none, Programmed is Unknown. `definitions` holds one list
 * where there are definitions of kinds, and nothing where there are none.
 */
export function deriveStatus(
  graph: Graph,
  resources: Resources,
  semantics: Semantics,
  proxies: Collection<ProxyState>,
  definitions: Collection<readonly DefinitionVersion[]>,
  unservedKinds: Collection<true>,
  envoyRefusals: Collection<Refusal>,
): Collection<ObjectStatus> {
  const { classes, gateways, places, listenerSets, listenersByParent, attachedRoutes, refusals, clientCertificates } =
    semantics;
  const ofClasses = graph.deriveMany("statusOfGatewayClasses", resources.GatewayClass, (object, key, { fetch }) => {
    const accepted = fetch(classes, key)?.accepted;
    if (accepted === undefined) return [];
    const known = fetch(definitions, definitionsKey);
    const conditions = known === undefined ? [accepted] : [accepted, supportedVersion(known)];
    const status: ObjectStatus = {
      reference: { group: gatewayGroup, kind: "GatewayClass", name: object.metadata.name },
      status: {
        conditions: conditions.map((condition) => observed(condition, object.metadata.generation ?? 1)),
        supportedFeatures:
          accepted.status === "True"
            ? supportedFeatures(known, (kind) => fetch(unservedKinds, kind) !== undefined)
            : [],
      },
    };
    return [[`GatewayClass/${key}`, status]];
  });
  const ofMeshes = graph.deriveMany("statusOfMeshes", resources.XMesh, (mesh, key) => {
    const accepted = acceptMesh(mesh);
    if (accepted === undefined) return [];
    const { name, generation = 1 } = mesh.metadata;
    const reference = { group: experimentalGroup, kind: "XMesh", name };
    const status = { conditions: [observed(accepted, generation)], supportedFeatures: [] };
    return [[`XMesh/${key}`, { reference, status } satisfies ObjectStatus]];
  });
  const listenersOf = ({ fetch }: Reader, kind: ListenerParentKind, key: string) =>
    (fetch(listenersByParent, parentKey({ kind, key })) ?? []).map((member) => member.value);
  const stateOf = ({ fetch }: Reader, gateway: string): ProxyState => {
    const place = fetch(places, gateway);
    return (place && fetch(proxies, stateKey(place))) ?? noProxy;
  };
  const attachedSets = graph.derive("attachedListenerSets", listenerSets, (listenerSet, key, reader) =>
    isAttached(listenerSet, listenersOf(reader, "ListenerSet", key)) ? keyOf(listenerSet.gateway) : undefined,
  );
  const countOfSets = graph.count("countOfListenerSets", attachedSets, (gatewayKey) => [gatewayKey]);
  const ofListenerSets = graph.deriveMany("statusOfListenerSets", listenerSets, (listenerSet, key, reader) => {
    const status = listenerSetStatus(
      listenerSet,
      listenersOf(reader, "ListenerSet", key),
      (listenerKey) => reader.fetch(attachedRoutes, listenerKey) ?? 0,
      stateOf(reader, keyOf(listenerSet.gateway)),
    );
    const reference = referenceOf("ListenerSet", listenerSet.object);
    return [[`ListenerSet/${key}`, { reference, status } satisfies ObjectStatus]];
  });
  const beyond = graph.join(
    "policiesWithoutRoom",
    ancestorKinds.map((kind) =>
      graph.deriveMany(`${kind}sWithoutRoom`, semantics.ancestors[kind], (ancestors, key) =>
        withoutRoom(kind, ancestors).map(
          ({ gateway }) => [`${gateway}|${kind}/${key}`, { gateway, policy: `${kind} ${key}` }] as const,
        ),
      ),
    ),
  );
  const beyondByGateway = graph.group("policiesWithoutRoomByGateway", beyond, ({ gateway }) => [gateway]);
  const ofGateways = graph.deriveMany("statusOfGateways", gateways, (gateway, key, reader) => {
    const { fetch } = reader;
    const ofClass = fetch(classes, gateway.spec.gatewayClassName)?.accepted;
    const status = gatewayStatus(
      gateway,
      listenersOf(reader, "Gateway", key),
      (listenerKey) => fetch(attachedRoutes, listenerKey) ?? 0,
      fetch(countOfSets, key) ?? 0,
      stateOf(reader, key),
      fetch(refusals, key) ??
        (ofClass === undefined || ofClass.status === "True" ? undefined : waitingForClass(gateway, ofClass.message)),
      fetch(clientCertificates, key)?.problem,
      (fetch(beyondByGateway, key) ?? []).map(({ value }) => value.policy),
      fetch(semantics.notEnforced, key) ?? [],
      fetch(semantics.telemetryHolders, key)?.key,
    );
    const readable = isStandardChannel(fetch(definitions, definitionsKey)) ? withoutRoutability(status) : status;
    const reference = referenceOf("Gateway", gateway);
    return [[`Gateway/${key}`, { reference, status: readable } satisfies ObjectStatus]];
  });
  const ofWaitingGateways = graph.deriveMany(
    "statusOfWaitingGateways",
    resources.Gateway,
    (gateway, key, { fetch }) => {
      const accepted = fetch(classes, gateway.spec.gatewayClassName)?.accepted;
      if (accepted === undefined || fetch(gateways, key) !== undefined) return [];
      const status = waitingGatewayStatus(gateway, accepted.message);
      return [[`Gateway/${key}`, { reference: referenceOf("Gateway", gateway), status } satisfies ObjectStatus]];
    },
  );
  const refused = deriveRefusals(graph, envoyRefusals);
  const ofRoutes = routeKinds.map((kind) => statusOfRoutes(graph, kind, resources[kind], semantics, refused));
  const ofPolicies = ancestorKinds.map((kind) => statusOfAncestors(graph, kind, resources[kind], semantics));
  return graph.join<ObjectStatus>("status", [
    ofClasses,
    ofMeshes,
    ofGateways,
    ofWaitingGateways,
    ofListenerSets,
    ...ofRoutes,
    ...ofPolicies,
  ]);
}

/** The API server would drop the field, and we would write it again. */
function withoutRoutability(status: GatewayStatus): GatewayStatus {
  return { ...status, addresses: status.addresses.map(({ type, value }) => ({ type, value })) };
}

function referenceOf(kind: ListenerParentKind, { metadata }: KubernetesObject): ResourceReference {
  const { namespace = "default", name } = metadata;
  return { group: gatewayGroup, kind, namespace, name };
}

function statusOfAncestors<Kind extends AncestorKind>(
  graph: Graph,
  kind: Kind,
  objects: Collection<ResourceKinds[Kind]>,
  { ancestors }: Semantics,
): Collection<ObjectStatus> {
  return graph.derive<ResourceKinds[Kind], ObjectStatus>(
    `statusOf${kind}`,
    objects,
    ({ apiVersion, metadata }, key, { fetch }) => {
      const named = fetch(ancestors[kind], key);
      if (named === undefined) return undefined;
      const { namespace = "default", name, generation = 1 } = metadata;
      const reference = { group: splitApiVersion(apiVersion).group, kind, namespace, name };
      return { reference, status: policyStatus(kind, named, generation) };
    },
    { renamed: prefixed(`${kind}/`) },
  );
}

function statusOfRoutes<Kind extends RouteKind>(
  graph: Graph,
  kind: Kind,
  objects: Collection<ResourceKinds[Kind]>,
  { attachments, compiled, verdicts }: Semantics,
  { rulesByRoute, backends }: RefusalCollections,
): Collection<ObjectStatus> {
  const compute = (object: ResourceKinds[Kind], objectKey: string, { fetch }: Reader): ObjectStatus | undefined => {
    const key = routeKey(kind, objectKey);
    const attachment = fetch(attachments, key);
    if (attachment === undefined) return undefined;
    const { reference } = attachment.route;
    const refusedBackends = fetch(backends, allBackends) ?? [];
    const targets = refusedBackends.length === 0 ? [] : (fetch(compiled, key)?.targets ?? []);
    const names = new Set(targets.flatMap((target) => [clusterName(target), endpointSetName(target)]));
    const refused = {
      rules: (fetch(rulesByRoute, key) ?? []).map(({ value }) => value),
      of: object.spec.rules?.length ?? 0,
      // A Gateway's own certificate is behind an @.
      backends: refusedBackends.flatMap(({ value }) => (names.has(value.name.split("@")[0] ?? "") ? [value] : [])),
    };
    const { generation = 1 } = object.metadata;
    return { reference, status: routeStatus(attachment, fetch(verdicts, key), generation, refused) };
  };
  return graph.derive(`statusOf${kind}s`, objects, compute, asRoutes(kind));
}
