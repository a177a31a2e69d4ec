import { sorted } from "../analyse/analysed.ts";
import type { ListenerParentKind } from "../gateway/listener-parent.ts";
import { gatewayKeyOf } from "../gateway/listener-set.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { field, list, text } from "../resources/field.ts";
import type { Gateway, Listener, ListenerEntry, ListenerSet } from "../resources/generated/gateway-api.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { connectReferences } from "./backends.ts";
import type { Draft } from "./draft.ts";
import { referencesIn } from "./references.ts";
import { idOf, nameOf, type World } from "./world.ts";

/** Gateways and ListenerSets with their listeners, and the certificates that they name. */
export function addGateways(draft: Draft, world: World): void {
  for (const [key, gateway] of sorted(world.resources.Gateway)) {
    const resource = reference("Gateway", gateway);
    const addresses = list(field(world.statusOf("Gateway", key), "addresses")).map((address) =>
      text(field(address, "value")),
    );
    const id = draft.add({
      id: idOf(resource),
      role: "gateway",
      origin: { resource, path: [] },
      name: nameOf(resource),
      details: [`class ${gateway.spec.gatewayClassName}`, ...(addresses.length === 0 ? [] : [addresses.join(", ")])],
    });
    connectReferences(draft, world, id, resource, referencesIn(gateway.spec.tls, ["spec", "tls"], resource.namespace));
    addListeners(draft, world, id, resource, gateway.spec.listeners);
  }
  for (const [, listenerSet] of sorted(world.resources.ListenerSet)) {
    const resource = reference("ListenerSet", listenerSet);
    const id = draft.add({
      id: idOf(resource),
      role: "listenerSet",
      origin: { resource, path: [] },
      name: nameOf(resource),
      details: [],
    });
    addListeners(draft, world, id, resource, listenerSet.spec.listeners);
    const { group, kind, namespace = resource.namespace, name } = listenerSet.spec.parentRef;
    const parent = { group, kind, namespace, name };
    const there = gatewayKeyOf(listenerSet) !== undefined && world.resources.Gateway.get(nameOf(parent)) !== undefined;
    const from = draft.stand(kind === "Gateway" ? "gateway" : "other", parent, there || world.incomplete.has(kind));
    draft.connect({ role: "listenerSet", from, to: id, origin: { resource, path: ["spec", "parentRef"] } });
  }
}

export function listenerId(parent: ResourceReference, name: string): string {
  return `${idOf(parent)}/${name}`;
}

function addListeners(
  draft: Draft,
  world: World,
  within: string,
  resource: ResourceReference & { readonly namespace: string },
  listeners: readonly (Listener | ListenerEntry)[],
): void {
  listeners.forEach((listener, index) => {
    const { name, protocol, port, hostname, tls } = listener;
    const path = ["spec", "listeners", index];
    const id = draft.add({
      id: listenerId(resource, name),
      role: "listener",
      origin: { resource, path },
      within,
      name,
      details: [
        `${protocol} ${port}${tls?.mode === "Passthrough" ? " Passthrough" : ""}`,
        ...(hostname === undefined ? [] : [hostname]),
      ],
    });
    connectReferences(draft, world, id, resource, referencesIn(listener, path, resource.namespace));
  });
}

function reference(
  kind: ListenerParentKind,
  { metadata }: Gateway | ListenerSet,
): ResourceReference & { readonly namespace: string } {
  return { group: gatewayGroup, kind, namespace: metadata.namespace ?? "default", name: metadata.name };
}
