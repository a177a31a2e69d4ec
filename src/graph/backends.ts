import type { Reader } from "../collections/collection.ts";
import { isResourceKind } from "../gateway/inputs.ts";
import { backendKey } from "../gateway/policy-target.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { type Draft, type DraftNode, placeOf } from "./draft.ts";
import type { Reference } from "./references.ts";
import type { Reason } from "./topology.ts";
import { idOf, nameOf, type World } from "./world.ts";

/** Adds edges from a node to each backend and certificate that it names. */
export function connectReferences(
  draft: Draft,
  world: World,
  from: string,
  referrer: ResourceReference,
  references: readonly Reference[],
): void {
  const total = references.reduce((sum, { role, weight = 0 }) => sum + (role === "backend" ? weight : 0), 0);
  for (const reference of references) {
    const { role, resource, weight } = reference;
    const to =
      role === "certificate"
        ? draft.stand("certificate", resource, exists(world, resource))
        : addBackend(draft, world, referrer, reference);
    const shared = role === "backend" && weight !== undefined && (weight !== total || total === 0);
    draft.connect({
      role,
      from,
      to,
      origin: placeOf(referrer, reference),
      ...(shared ? { label: share(weight, total) } : {}),
    });
  }
}

/** @example share(1, 3)  // "33.3 %" */
function share(weight: number, total: number): string {
  return total === 0 ? "0 %" : `${Math.round((weight / total) * 1000) / 10} %`;
}

/** Kinds that nobody reads are not looked for. */
export function exists({ resources, incomplete }: World, { kind, namespace, name }: ResourceReference): boolean {
  if (incomplete.has(kind)) return true;
  return (
    isResourceKind(kind) && resources[kind].get(namespace === undefined ? name : `${namespace}/${name}`) !== undefined
  );
}

/** One node for each port that is sent to. */
function addBackend(draft: Draft, world: World, referrer: ResourceReference, { resource, port }: Reference): string {
  const transport = referrer.kind === "UDPRoute" ? "UDP" : "TCP";
  const suffix = `${port === undefined ? "" : `:${port}`}${transport === "UDP" ? "/udp" : ""}`;
  return draft.add({
    id: `${idOf(resource)}${suffix}`,
    role: "backend",
    origin: { resource, path: [] },
    name: `${nameOf(resource)}${suffix}`,
    ...describeBackend(world, resource, port, transport),
    ...(exists(world, resource) ? {} : { missing: true }),
  });
}

function describeBackend(
  { resources, semantics }: World,
  resource: ResourceReference,
  port: number | undefined,
  transport: "TCP" | "UDP",
): Pick<DraftNode, "details" | "reasons"> {
  const key = nameOf(resource);
  const ports = resource.kind === "Service" ? resources.Service.get(key)?.spec?.ports : undefined;
  const named = ports?.find((each) => each.port === port && (each.protocol ?? "TCP") === transport);
  const kind = resource.kind === "XBackend" ? "XBackend" : "Service";
  const target = {
    backend: backendKey(kind, key),
    port: port ?? 0,
    protocol: transport === "UDP" ? "UDP" : "HTTP/1.1",
    tls: false,
  } as const;
  const located = kind === resource.kind ? semantics.locate(reader, target) : undefined;
  if (located === undefined) return { details: [] };
  if (located.hostname !== undefined) return { details: [`DNS: ${located.hostname}`] };
  // A port that is not there is told by those who name it.
  if (resource.kind === "Service" && named === undefined) return { details: [] };
  const endpoints = located.endpoints();
  const draining = endpoints.filter(({ health }) => health === "draining").length;
  const ready = endpoints.length - draining;
  const counted = `${ready} endpoint${ready === 1 ? "" : "s"}${draining === 0 ? "" : `, ${draining} draining`}`;
  return {
    details: [...(named?.appProtocol === undefined ? [] : [named.appProtocol]), counted],
    ...(endpoints.length > 0 ? {} : { reasons: [noEndpoints] }),
  };
}

/** Of what is at hand, once. */
const reader: Reader = { fetch: (collection, key) => collection.get(key) };

/** As the analyser calls it. */
const noEndpoints: Reason = { reason: "no-endpoints", message: "Its share of requests gets 503." };
