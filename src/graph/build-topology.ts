import { controllerName } from "../gateway/class.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import type { FieldPath, Origin } from "../resources/origin.ts";
import { type Complaint, complaints, ofFinding } from "./complaints.ts";
import { Draft, type DraftEdge, type DraftNode } from "./draft.ts";
import { addGateways } from "./gateways.ts";
import { addGrants, addPolicies } from "./policies.ts";
import { addRoutes } from "./routes.ts";
import { nodeRoles, type Reason, type Topology, type TopologyEdge, type TopologyNode } from "./topology.ts";
import { complaintsOf, idOf, type StatusComplaint, type World } from "./world.ts";

/**
 * Who sends to whom, and what is wrong where.
 *
 * What is wrong comes from the semantics by which traffic is served, from the status of objects, and from the analyser, each
 * at the place in the object that it speaks of: nothing is judged here.
 */
export function buildTopology(world: World): Topology {
  const draft = new Draft();
  addGateways(draft, world);
  addRoutes(draft, world);
  addPolicies(draft, world);
  addGrants(draft, world);
  const judged = new Places(draft);
  for (const complaint of complaints(world)) judged.complain(complaint);
  for (const node of draft.nodes) for (const reason of statusReasons(world, node)) judged.status(node, reason);
  for (const finding of world.findings) if (hasOrigin(finding)) judged.warn(ofFinding(finding));
  return judged.topology();
}

function hasOrigin(finding: Finding): finding is Finding & { readonly origin: Origin } {
  return finding.origin !== undefined;
}

/** What is wrong, by the node or edge that it belongs to. */
class Places {
  readonly #nodes: readonly DraftNode[];
  readonly #edges: readonly DraftEdge[];
  readonly #nodesByObject: ReadonlyMap<string, readonly DraftNode[]>;
  readonly #edgesByObject: ReadonlyMap<string, readonly DraftEdge[]>;
  readonly #reasons = new Map<DraftNode | DraftEdge, Reason[]>();
  readonly #warnings = new Map<DraftNode, Reason[]>();
  /** Messages, by the object that they are about. */
  readonly #told = new Map<string, string[]>();

  constructor({ nodes, edges }: Draft) {
    this.#nodes = nodes;
    this.#edges = edges;
    this.#nodesByObject = byObject(nodes);
    this.#edgesByObject = byObject(edges);
  }

  /** On the references that stand there or below, and if there are none, on the smallest node around. */
  complain({ origin, ...reason }: Complaint): void {
    const node = this.#nodeAt(origin);
    const depth = node?.origin.path.length ?? 0;
    const edges = (this.#edgesByObject.get(idOf(origin.resource)) ?? []).filter(
      (edge) =>
        origin.path.length > depth &&
        (startsWith(edge.origin.path, origin.path) || startsWith(origin.path, edge.origin.path)),
    );
    const places = edges.length > 0 ? edges : node === undefined ? [] : [node];
    for (const place of places) add(this.#reasons, place, reason);
    const object = idOf(origin.resource);
    this.#told.set(object, [...(this.#told.get(object) ?? []), reason.message]);
  }

  /** Conditions repeat what references of the same object, or of its parts, say already. */
  status(node: DraftNode, { serves, ...reason }: StatusComplaint): void {
    const told = this.#told.get(idOf(node.origin.resource)) ?? [];
    if (told.some((message) => reason.message.includes(message))) return;
    if (serves) add(this.#warnings, node, reason);
    else add(this.#reasons, node, reason);
  }

  warn({ origin, ...reason }: Complaint): void {
    const node = this.#nodeAt(origin);
    const told = (this.#told.get(idOf(origin.resource)) ?? []).some(
      (message) => reason.message.includes(message) || message.includes(reason.message),
    );
    const own = node?.reasons?.some((known) => known.reason === reason.reason) === true;
    if (node !== undefined && !told && !own) add(this.#warnings, node, reason);
  }

  topology(): Topology {
    const nodes = this.#nodes.map(
      (node): TopologyNode => ({
        ...node,
        reasons: [...(node.reasons ?? []), ...(this.#reasons.get(node) ?? [])],
        warnings: this.#warnings.get(node) ?? [],
      }),
    );
    const edges = this.#edges.map((edge): TopologyEdge => ({ ...edge, reasons: this.#reasons.get(edge) ?? [] }));
    return {
      nodes: nodes.sort((left, right) => nodeRoles.indexOf(left.role) - nodeRoles.indexOf(right.role)),
      edges,
    };
  }

  #nodeAt({ resource, path }: Origin): DraftNode | undefined {
    const around = (this.#nodesByObject.get(idOf(resource)) ?? []).filter((node) => startsWith(path, node.origin.path));
    return around.sort((left, right) => right.origin.path.length - left.origin.path.length)[0];
  }
}

function byObject<Place extends { readonly origin: Origin }>(
  places: readonly Place[],
): ReadonlyMap<string, readonly Place[]> {
  const found = new Map<string, Place[]>();
  for (const place of places) {
    const known = found.get(idOf(place.origin.resource));
    if (known === undefined) found.set(idOf(place.origin.resource), [place]);
    else known.push(place);
  }
  return found;
}

function add<Place>(reasons: Map<Place, Reason[]>, place: Place, reason: Reason): void {
  const known = reasons.get(place) ?? [];
  if (!known.some(({ message }) => message === reason.message)) reasons.set(place, [...known, reason]);
}

function startsWith(path: FieldPath, start: FieldPath): boolean {
  return start.every((step, index) => path[index] === step);
}

/** Conditions of the object, listener, or of the object on its parents, that say that it does not work. */
function statusReasons(
  { statusOf }: World,
  { role, name, origin: { resource } }: DraftNode,
): readonly StatusComplaint[] {
  if (role === "rule" || role === "backend" || role === "certificate" || role === "other") return [];
  const { kind, namespace } = resource;
  const status = statusOf(kind, namespace === undefined ? resource.name : `${namespace}/${resource.name}`);
  if (role === "listener") {
    const entry = list(field(status, "listeners")).find((listener) => text(field(listener, "name")) === name);
    return complaintsOf(entry);
  }
  const ours = [...list(field(status, "parents")), ...list(field(status, "ancestors"))].filter(
    (entry) => field(entry, "controllerName") === controllerName,
  );
  return [status, ...ours].flatMap((holder) => complaintsOf(holder));
}
