import { sorted } from "../analyse/analysed.ts";
import type { ParentAttachment } from "../gateway/attachment.ts";
import { namedParent } from "../gateway/listener-parent.ts";
import { type Route, routeKey, routeOf } from "../gateway/route.ts";
import { routeKinds } from "../gateway/route-kind.ts";
import { field, list, text } from "../resources/field.ts";
import { connectReferences } from "./backends.ts";
import { parentPath } from "./complaints.ts";
import { describeRule } from "./describe-rule.ts";
import type { Draft } from "./draft.ts";
import { listenerId } from "./gateways.ts";
import { namedResource, referencesIn } from "./references.ts";
import { idOf, nameOf, type World } from "./world.ts";

/** Routes with their rules, what they are attached to or meant to be, and where they send. */
export function addRoutes(draft: Draft, world: World): void {
  for (const kind of routeKinds) {
    for (const [key, object] of sorted<Parameters<typeof routeOf>[2]>(world.resources[kind])) {
      const route = routeOf(kind, key, object);
      const id = draft.add({
        id: idOf(route.reference),
        role: "route",
        origin: { resource: route.reference, path: [] },
        name: nameOf(route.reference),
        details: route.hostnames === undefined || route.hostnames.length === 0 ? [] : [route.hostnames.join(", ")],
      });
      for (const [index, rule] of list(field(object, "spec", "rules")).entries())
        addRule(draft, world, route, rule, index);
      connectParents(draft, world, route, id);
    }
  }
}

function addRule(draft: Draft, world: World, { key, reference }: Route, rule: unknown, index: number): void {
  const path = ["spec", "rules", index];
  const id = draft.add({
    id: `${key}/${index}`,
    role: "rule",
    origin: { resource: reference, path },
    within: idOf(reference),
    name: text(field(rule, "name")) || `rule ${index}`,
    details: describeRule(rule),
  });
  connectReferences(draft, world, id, reference, referencesIn(rule, path, reference.namespace));
}

function connectParents(draft: Draft, world: World, route: Route, to: string): void {
  const parents = world.semantics.attachments.get(routeKey(route.kind, nameOf(route.reference)))?.parents ?? [];
  for (const parent of parents) {
    const origin = { resource: route.reference, path: parentPath(parent.index, route.parentRefs.length) };
    if (parent.listeners.length === 0) {
      draft.connect({ role: "route", from: addParent(draft, world, parent.parentRef, route), to, origin });
    }
    for (const { point, hostnames } of parent.listeners) {
      const narrowed = narrowedHostnames(route, hostnames);
      draft.connect({ role: "route", from: point.key, to, origin, ...(narrowed === "" ? {} : { label: narrowed }) });
    }
  }
  route.parentRefs.forEach((parentRef, index) => {
    // A parent that is somebody else's, of a kind that is not served, or not there.
    if (parents.some((parent) => parent.index === index)) return;
    const origin = { resource: route.reference, path: parentPath(index, route.parentRefs.length) };
    draft.connect({ role: "route", from: addParent(draft, world, parentRef, route), to, origin });
  });
}

/** The listener that a parentRef names, or else the whole parent. */
function addParent(draft: Draft, world: World, parentRef: ParentAttachment["parentRef"], { reference }: Route): string {
  const resource = namedResource(parentRef, reference.namespace);
  const listener = parentRef.sectionName === undefined ? undefined : listenerId(resource, parentRef.sectionName);
  if (listener !== undefined && draft.has(listener)) return listener;
  const parent = namedParent(parentRef, reference.namespace);
  if (parent === undefined) return draft.stand("other", resource, true);
  const there = world.resources[parent.kind].get(parent.key) !== undefined || world.incomplete.has(parent.kind);
  return draft.stand(parent.kind === "Gateway" ? "gateway" : "listenerSet", resource, there);
}

/** What a listener leaves of a route's hostnames, where that is not all of them. */
function narrowedHostnames(
  { hostnames = [] }: Route,
  served: ParentAttachment["listeners"][number]["hostnames"],
): string {
  const names = served.map(({ hostname }) => hostname);
  const same = names.length === hostnames.length && names.every((name) => hostnames.includes(name));
  return same || hostnames.length === 0 ? "" : names.join(", ");
}
