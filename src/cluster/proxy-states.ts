import type { Collection, Input } from "../collections/collection.ts";
import { isFalse } from "../gateway/condition.ts";
import type { Semantics } from "../gateway/semantics.ts";
import type { InfrastructureCollections } from "../infrastructure/derive-infrastructure.ts";
import { assignedAddresses } from "../infrastructure/gateway-addresses.ts";
import { defaultParameters, type ProxyParameters } from "../infrastructure/proxy-parameters.ts";
import { requestedAddresses } from "../infrastructure/requested-addresses.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { Service } from "../resources/generated/core.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { refusedListeners } from "../status/listener-refusals.ts";
import type { ProxyState } from "../status/proxy-state.ts";
import type { Refusal } from "../status/refusal.ts";
import type { OwnedObjects } from "./owned-objects.ts";
import { replicasOf, workloadKinds } from "./workloads.ts";

export interface ProxyStatesOptions {
  readonly semantics: Pick<Semantics, "gateways" | "places">;
  readonly infrastructure: Pick<InfrastructureCollections, "parameters" | "whereabouts" | "gatewaysByProxy">;
  readonly proxies: Input<ProxyState>;
  readonly refusals: Collection<Refusal>;
  readonly owned: Pick<OwnedObjects, "get">;
}

/**
 * What is known of the proxies of each Gateway, for its status: how many are ready, where clients reach them, and what they
 * refused.
 *
 * Readiness is what Kubernetes says of the pods, for a proxy may be connected to another replica of the controller. A pod is
 * ready when its Envoy has acknowledged everything that it was sent first.
 */
export class ProxyStates {
  readonly #options: ProxyStatesOptions;
  readonly #problems = new Map<string, string>();
  readonly #unsubscribe: () => void;

  constructor(options: ProxyStatesOptions) {
    this.#options = options;
    const { semantics, infrastructure } = options;
    const ends = [semantics.gateways, semantics.places, infrastructure.parameters, infrastructure.whereabouts].map(
      (collection: Collection<unknown>) =>
        collection.subscribe((changes) => this.#update(changes.map(({ key }) => key))),
    );
    ends.push(
      options.refusals.subscribe((changes) =>
        this.changed(new Set(changes.flatMap(({ before, after }) => (after ?? before)?.proxy ?? []))),
      ),
    );
    this.#unsubscribe = () => {
      for (const end of ends) end();
    };
  }

  /** What keeps the objects of a Gateway, or of the fleet of a class, from being made, in words. */
  problem(owner: string, message: string | undefined): void {
    if (this.#problems.get(owner) === message) return;
    if (message === undefined) this.#problems.delete(owner);
    else this.#problems.set(owner, message);
    this.changed([owner]);
  }

  /** Something about what these Gateways, or the fleets of these classes, have is new. */
  changed(owners: Iterable<string>): void {
    const { gatewaysByProxy } = this.#options.infrastructure;
    const served = [...owners].flatMap((owner) => [owner, ...(gatewaysByProxy.get(owner) ?? []).map(({ key }) => key)]);
    this.#update(new Set(served.filter((key) => key.includes("/"))));
  }

  close(): void {
    this.#unsubscribe();
  }

  #update(gateways: Iterable<string>): void {
    for (const key of gateways) {
      const gateway = this.#options.semantics.gateways.get(key);
      if (gateway === undefined) {
        this.#options.proxies.delete(key);
        this.#problems.delete(key);
      } else this.#options.proxies.set(key, this.#stateOf(key, gateway));
    }
  }

  #stateOf(key: string, gateway: Gateway): ProxyState {
    const { owned, semantics, infrastructure } = this.#options;
    const proxy = semantics.places.get(key)?.proxy ?? key;
    const { namespace = "", proxies = "", service = "" } = infrastructure.whereabouts.get(key) ?? {};
    const parameters = infrastructure.parameters.get(key) ?? defaultParameters;
    const { kind } = parameters.workload;
    // While one takes the place of the other, both serve.
    const replicas = workloadKinds.map((each) => replicasOf(owned.get(each, namespace, proxies)));
    const ready = replicas.some((each) => each.ready > 0);
    const { wanted } = replicasOf(owned.get(kind, namespace, proxies));
    const none = wanted === undefined ? "No proxy" : `None of the ${wanted} proxies`;
    const assigned = assignedAddresses(
      gateway,
      service,
      (name) => asService(owned.get("Service", namespace, name)),
      parameters,
    );
    const problem = this.#problems.get(key) ?? this.#problems.get(proxy);
    return {
      ready,
      message: ready ? "Envoy serves." : `${none} of ${kind} ${proxies} is ready yet.`,
      ...refusedListeners(
        [...this.#options.refusals.entries()].flatMap(([, refusal]) => (refusal.proxy === proxy ? [refusal] : [])),
      ),
      ...assigned,
      ...(problem === undefined ? {} : refusedObjects(gateway, parameters, problem)),
    };
  }
}

/** The API server itself refuses a Service with an address that is not the cluster's: then no address is assigned. */
function refusedObjects(
  gateway: Gateway,
  parameters: ProxyParameters,
  message: string,
): Pick<ProxyState, "problem" | "addressesAssigned"> {
  if (requestedAddresses(gateway, parameters).clusterAddress === undefined)
    return { problem: { reason: "Invalid", message } };
  return {
    problem: { reason: "AddressNotAssigned", message },
    addressesAssigned: isFalse("AddressesAssigned", "NotAssigned", message),
  };
}

function asService(object: ApiObject | undefined): Service | undefined {
  return object !== undefined && isService(object) ? object : undefined;
}

/** Asked for a Service, the API server answers with one; in a list it leaves out the kind. */
function isService(object: ApiObject | Service): object is Service {
  return "spec" in object;
}
