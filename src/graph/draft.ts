import type { Origin, ResourceReference } from "../resources/origin.ts";
import type { Reference } from "./references.ts";
import type { EdgeRole, NodeRole, Reason } from "./topology.ts";
import { idOf, nameOf } from "./world.ts";

/** A node before it is known what is wrong with it. */
export interface DraftNode {
  readonly id: string;
  readonly role: NodeRole;
  readonly origin: Origin;
  readonly within?: string;
  readonly name: string;
  readonly details: readonly string[];
  readonly missing?: true;
  /** What is wrong with it by itself. */
  readonly reasons?: readonly Reason[];
}

export interface DraftEdge {
  readonly role: EdgeRole;
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  readonly origin: Origin;
}

/** Nodes and edges while they are gathered; each node and edge once. */
export class Draft {
  readonly #nodes = new Map<string, DraftNode>();
  readonly #edges = new Map<string, DraftEdge>();

  get nodes(): readonly DraftNode[] {
    return [...this.#nodes.values()];
  }

  get edges(): readonly DraftEdge[] {
    return [...this.#edges.values()];
  }

  has(id: string): boolean {
    return this.#nodes.has(id);
  }

  add(node: DraftNode): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    return node.id;
  }

  connect(edge: DraftEdge): void {
    this.#edges.set(`${edge.from} ${edge.to} ${edge.origin.path.join(".")}`, edge);
  }

  /** A node for an object that others name, if there is none for it yet. */
  stand(role: NodeRole, resource: ResourceReference, exists: boolean, details: readonly string[] = []): string {
    const name = nameOf(resource);
    const missing = exists ? {} : ({ missing: true } as const);
    return this.add({ id: idOf(resource), role, origin: { resource, path: [] }, name, details, ...missing });
  }
}

/** Where a reference is written. */
export function placeOf(resource: ResourceReference, { path }: Pick<Reference, "path">): Origin {
  return { resource, path };
}
