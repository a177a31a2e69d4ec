import { endpointsOf } from "../gateway/endpoints.ts";
import { isResourceKind } from "../gateway/inputs.ts";
import type { ServicePort } from "../resources/generated/core.ts";
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
        : addBackend(draft, world, reference);
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
function addBackend(draft: Draft, world: World, { resource, port }: Reference): string {
  const service = resource.kind === "Service" ? world.resources.Service.get(nameOf(resource)) : undefined;
  const servicePort = service?.spec?.ports?.find((each) => each.port === port);
  return draft.add({
    id: backendId(resource, port),
    role: "backend",
    origin: { resource, path: [] },
    name: `${nameOf(resource)}${port === undefined ? "" : `:${port}`}`,
    ...(service === undefined ? { details: [] } : describeService(world, nameOf(resource), servicePort)),
    ...(exists(world, resource) ? {} : { missing: true }),
  });
}

export function backendId(resource: ResourceReference, port: number | undefined): string {
  return `${idOf(resource)}${port === undefined ? "" : `:${port}`}`;
}

function describeService(
  { resources, semantics }: World,
  key: string,
  port: ServicePort | undefined,
): Pick<DraftNode, "details" | "reasons"> {
  const service = resources.Service.get(key);
  if (service?.spec?.type === "ExternalName") return { details: [`DNS: ${service.spec.externalName ?? ""}`] };
  if (service === undefined || port === undefined) return { details: [] };
  const slices = (semantics.slicesByService.get(key) ?? []).map(({ value }) => value);
  const endpoints = endpointsOf(service, port, { slices, endpoints: resources.Endpoints.get(key) });
  const draining = endpoints.filter(({ health }) => health === "draining").length;
  const ready = endpoints.length - draining;
  const counted = `${ready} endpoint${ready === 1 ? "" : "s"}${draining === 0 ? "" : `, ${draining} draining`}`;
  return {
    details: [...(port.appProtocol === undefined ? [] : [port.appProtocol]), counted],
    ...(endpoints.length > 0 ? {} : { reasons: [noEndpoints] }),
  };
}

/** As the analyser calls it. */
const noEndpoints: Reason = { reason: "no-endpoints", message: "Its share of requests gets 503." };
