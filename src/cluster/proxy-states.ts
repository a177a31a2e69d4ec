import type { Collection, Input } from "../collections/collection.ts";
import { ListenerSchema } from "../envoy/generated/envoy/config/listener/v3/listener_pb.ts";
import { typeUrl } from "../envoy/message.ts";
import { isFalse } from "../gateway/condition.ts";
import { assignedAddresses } from "../infrastructure/gateway-addresses.ts";
import { baseName } from "../infrastructure/names.ts";
import { requestedAddresses } from "../infrastructure/requested-addresses.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { Service } from "../resources/generated/core.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { defaultParameters, type ProxyParameters } from "../resources/proxy-parameters.ts";
import type { ProxyState } from "../status/proxy-state.ts";
import type { XdsObserver } from "../xds/observer.ts";
import type { OwnedObjects } from "./owned-objects.ts";

const listenerType = typeUrl(ListenerSchema);

export interface ProxyStatesOptions {
  readonly gateways: Collection<Gateway>;
  readonly proxies: Input<ProxyState>;
  readonly parameters: Collection<ProxyParameters>;
  readonly owned: Pick<OwnedObjects, "get">;
}

/**
 * What is known of the proxies of each Gateway, for its status: how many are ready, where clients reach them, and what they
 * refused. A proxy has its Gateway's key as name.
 *
 * Readiness is what Kubernetes says of the pods, for a proxy may be connected to another replica of the controller. A pod is
 * ready when its Envoy has acknowledged everything that it was sent first.
 */
export class ProxyStates {
  readonly #options: ProxyStatesOptions;
  readonly #refusals = new Map<string, Map<string, string>>();
  readonly #problems = new Map<string, string>();
  readonly #unsubscribe: () => void;

  constructor(options: ProxyStatesOptions) {
    this.#options = options;
    const ends = [options.gateways, options.parameters].map((collection: Collection<unknown>) =>
      collection.subscribe((changes) => this.update(changes.map(({ key }) => key))),
    );
    this.#unsubscribe = () => {
      for (const end of ends) end();
    };
  }

  /** An observer that notes which listeners Envoys refuse, and passes everything on. */
  observe(next: XdsObserver): XdsObserver {
    return {
      ...next,
      rejected: (event) => {
        if (event.typeUrl === listenerType) this.#refuse(event.proxy, event.name, event.message);
        next.rejected?.(event);
      },
      accepted: (event) => {
        if (event.typeUrl === listenerType) this.#refuse(event.proxy, event.name, undefined);
        next.accepted?.(event);
      },
    };
  }

  /** What keeps a Gateway's objects from being made, in words. */
  problem(gateway: string, message: string | undefined): void {
    if (this.#problems.get(gateway) === message) return;
    if (message === undefined) this.#problems.delete(gateway);
    else this.#problems.set(gateway, message);
    this.update([gateway]);
  }

  /** Something about these Gateways, or about what they own, is new. */
  update(gateways: Iterable<string>): void {
    for (const key of gateways) {
      const gateway = this.#options.gateways.get(key);
      if (gateway === undefined) {
        this.#options.proxies.delete(key);
        this.#problems.delete(key);
      } else this.#options.proxies.set(key, this.#stateOf(key, gateway));
    }
  }

  close(): void {
    this.#unsubscribe();
  }

  #stateOf(key: string, gateway: Gateway): ProxyState {
    const { owned } = this.#options;
    const { namespace = "default", name } = gateway.metadata;
    const deploymentName = baseName(name, gateway.spec.gatewayClassName);
    const { ready, wanted } = replicasOf(owned.get("Deployment", namespace, deploymentName));
    const assigned = assignedAddresses(
      gateway,
      (service) => asService(owned.get("Service", namespace, service)),
      this.#options.parameters.get(key) ?? defaultParameters,
    );
    const problem = this.#problems.get(key);
    return {
      ready: ready > 0,
      message:
        ready > 0 ? "Envoy serves." : `None of the ${wanted} proxies of Deployment ${deploymentName} is ready yet.`,
      refusedSockets: Object.fromEntries(this.#refusals.get(key) ?? []),
      ...assigned,
      ...(problem === undefined ? {} : refusedObjects(gateway, problem)),
    };
  }

  #refuse(proxy: string, socket: string, message: string | undefined): void {
    const sockets = this.#refusals.get(proxy) ?? new Map<string, string>();
    if (message === undefined) sockets.delete(socket);
    else sockets.set(socket, message);
    if (sockets.size === 0) this.#refusals.delete(proxy);
    else this.#refusals.set(proxy, sockets);
    this.update([proxy]);
  }
}

/** The API server itself refuses a Service with an address that is not the cluster's: then no address is assigned. */
function refusedObjects(gateway: Gateway, message: string): Pick<ProxyState, "problem" | "addressesAssigned"> {
  if (requestedAddresses(gateway).clusterAddress === undefined) return { problem: { reason: "Invalid", message } };
  return {
    problem: { reason: "AddressNotAssigned", message },
    addressesAssigned: isFalse("AddressesAssigned", "NotAssigned", message),
  };
}

interface Deployment extends ApiObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

function replicasOf(deployment: Deployment | undefined): { readonly ready: number; readonly wanted: number } {
  return { ready: deployment?.status?.readyReplicas ?? 0, wanted: deployment?.spec?.replicas ?? 1 };
}

function asService(object: ApiObject | undefined): Service | undefined {
  return object !== undefined && isService(object) ? object : undefined;
}

/** Asked for a Service, the API server answers with one; in a list it leaves out the kind. */
function isService(object: ApiObject | Service): object is Service {
  return "spec" in object;
}
