import { sorted } from "../analyse/analysed.ts";
import { type ResourceKind, resourceKinds } from "../gateway/inputs.ts";
import { allows } from "../gateway/reference-grant.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { field, list, text } from "../resources/field.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { connectReferences, exists } from "./backends.ts";
import type { Draft, DraftNode } from "./draft.ts";
import { namedResource, referencesIn } from "./references.ts";
import { idOf, nameOf, type World } from "./world.ts";

/** Policies of every kind, which are objects with `targetRefs`, and what they hold for. */
export function addPolicies(draft: Draft, world: World): void {
  for (const kind of resourceKinds) {
    for (const [, object] of sorted<KubernetesObject>(world.resources[kind])) {
      const targets = list(field(object, "spec", "targetRefs"));
      if (targets.length === 0) continue;
      const resource = referenceOf(kind, object);
      const id = draft.add({
        id: idOf(resource),
        role: "policy",
        origin: { resource, path: [] },
        name: nameOf(resource),
        details: [],
      });
      targets.forEach((target, index) => {
        const origin = { resource, path: ["spec", "targetRefs", index] };
        for (const to of targetNodes(draft, world, target, resource.namespace))
          draft.connect({ role: "policy", from: id, to, origin });
      });
      connectReferences(draft, world, id, resource, referencesIn(field(object, "spec"), ["spec"], resource.namespace));
    }
  }
}

/** The nodes of an object or of the section of it that a policy names: each port of a Service is a node of its own. */
function targetNodes(draft: Draft, world: World, target: unknown, home: string): readonly string[] {
  const resource = namedResource(target, home);
  const section = text(field(target, "sectionName"));
  const ofObject = draft.nodes.filter(
    ({ role, origin }) => role !== "other" && idOf(origin.resource) === idOf(resource),
  );
  const sections = ofObject.filter((node) => section === "" || isSection(world, node, section));
  const whole = sections.filter(({ within, role }) => within === undefined || role === "backend");
  const found = section === "" ? whole : sections;
  return found.length > 0 ? found.map(({ id }) => id) : [draft.stand("other", resource, exists(world, resource))];
}

function isSection(
  { resources }: World,
  { role, name, origin: { resource }, within }: DraftNode,
  section: string,
): boolean {
  if (role !== "backend") return within !== undefined && name === section;
  const port = resources.Service.get(nameOf(resource))?.spec?.ports?.find((each) => each.name === section);
  return port !== undefined && new RegExp(`:${port.port}(/udp)?$`).test(name);
}

/** ReferenceGrants, and what they let others refer to. Those that nobody uses stand alone. */
export function addGrants(draft: Draft, world: World): void {
  const edges = draft.edges;
  const targets = new Map(draft.nodes.map(({ id, origin }) => [id, origin.resource]));
  for (const [, grant] of sorted(world.resources.ReferenceGrant)) {
    const resource = referenceOf("ReferenceGrant", grant);
    const id = draft.add({
      id: idOf(resource),
      role: "grant",
      origin: { resource, path: [] },
      name: nameOf(resource),
      details: grant.spec.from.map(({ kind, namespace }) => `${kind}s of ${namespace}`),
    });
    for (const { to, origin } of edges) {
      const target = targets.get(to);
      const { namespace: home } = origin.resource;
      if (
        target === undefined ||
        home === undefined ||
        home === target.namespace ||
        target.namespace !== resource.namespace
      )
        continue;
      if (!allows(grant, { ...origin.resource, namespace: home }, target)) continue;
      draft.connect({ role: "grant", from: id, to, origin: { resource, path: ["spec", "to"] } });
    }
  }
}

function referenceOf(
  kind: ResourceKind,
  { apiVersion, metadata }: KubernetesObject,
): ResourceReference & { readonly namespace: string } {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? gatewayGroup) : "";
  return { group, kind, namespace: metadata.namespace ?? "default", name: metadata.name };
}
