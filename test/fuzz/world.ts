import { deepEqual } from "node:assert/strict";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import type { Collection } from "../../src/collections/collection.ts";
import { allFindings } from "../../src/control-plane/all-findings.ts";
import { ControlPlane } from "../../src/control-plane/control-plane.ts";
import { topologyOf } from "../../src/control-plane/topology-of.ts";
import type { EnvoyResource } from "../../src/envoy/resource.ts";
import { onThisMachine } from "../../src/gateway/placement.ts";
import { inCluster } from "../../src/infrastructure/placement.ts";
import { type KubernetesObject, keyOf } from "../../src/resources/object.ts";
import { jsonCopy } from "../../src/resources/schema.ts";
import type { ResourceChange } from "../../src/sources/source.ts";

const system = await createAuthority("system");

/** An object that comes, or one that goes. */
export type Event = { readonly object: KubernetesObject; readonly gone: boolean };

/** Everything that a control plane makes of its objects: resources, status, findings and edges, by name. */
type Outcome = Readonly<Record<string, unknown>>;

/**
 * Follows batches of events in a control plane for this machine and in one for a cluster, and holds each against a fresh one
 * that gets the same objects at once, in the opposite order.
 *
 * @returns what Envoy would be sent on this machine
 * @throws whatever a derivation throws; AssertionError where the two differ, or where something is left when all is gone
 */
export function follow(batches: readonly (readonly Event[])[]): readonly EnvoyResource[] {
  const [here = []] = [onThisMachine("proxy"), inCluster].map((placement) => {
    const objects = new Map<string, KubernetesObject>();
    const plane = createPlane(placement);
    for (const batch of batches) {
      apply(plane, batch);
      for (const { object, gone } of batch) {
        if (gone) objects.delete(identityOf(object));
        else objects.set(identityOf(object), object);
      }
    }
    const fresh = createPlane(placement);
    const all = [...objects.values()].toReversed();
    apply(
      fresh,
      all.map((object) => ({ object, gone: false })),
    );
    same(outcomeOf(plane), outcomeOf(fresh));
    const resources = [...plane.envoyResources.entries()].map(([, resource]) => resource);
    apply(
      plane,
      all.map((object) => ({ object, gone: true })),
    );
    deepEqual([...plane.envoyResources.entries(), ...plane.status.entries()], []);
    return resources;
  });
  return here;
}

/** Part by part, so that what differs can be read. */
function same(followed: Outcome, afresh: Outcome): void {
  for (const name of new Set([...Object.keys(followed), ...Object.keys(afresh)]))
    deepEqual({ [name]: followed[name] }, { [name]: afresh[name] });
}

function createPlane(placement: ConstructorParameters<typeof ControlPlane>[0]["placement"]): ControlPlane {
  const plane = new ControlPlane({
    placement,
    systemCertificates: () => system.certificate,
    onError: ({ cause }) => {
      throw cause;
    },
  });
  plane.proxies.set("proxy", {
    ready: true,
    message: "",
    addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
    refusedSockets: {},
  });
  return plane;
}

function apply(plane: ControlPlane, batch: readonly Event[]): void {
  plane.apply({ changes: batch.map(changeOf), findings: new Map() });
}

function changeOf({ object, gone }: Event): ResourceChange {
  const { kind, apiVersion, metadata } = object;
  const { name, namespace } = metadata;
  const reference = { group: apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
  return { kind, key: keyOf(object), reference, object: gone ? undefined : object, locate: () => undefined };
}

export function identityOf(object: KubernetesObject): string {
  return `${object.kind}/${keyOf(object)}`;
}

function outcomeOf(plane: ControlPlane): Outcome {
  return {
    // Without what is only worked out when it is asked for.
    ...record(plane.envoyResources, (resource) => jsonCopy(resource)),
    ...record(plane.status, (status) => status),
    findings: allFindings(plane),
    ...Object.fromEntries(Object.entries(topologyOf(plane))),
  };
}

function record<Value>(
  collection: Collection<Value>,
  of: (value: Value) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...collection.entries()]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, value]) => [key, of(value)]),
  );
}
