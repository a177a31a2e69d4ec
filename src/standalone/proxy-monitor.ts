import { networkInterfaces } from "node:os";
import type { Input } from "../collections/collection.ts";
import { ListenerSchema } from "../envoy/generated/envoy/config/listener/v3/listener_pb.ts";
import { typeUrl } from "../envoy/message.ts";
import type { ProxyAddress, ProxyState } from "../status/proxy-state.ts";
import type { Delivery } from "../xds/delivery.ts";
import type { XdsObserver } from "../xds/observer.ts";

const listenerType = typeUrl(ListenerSchema);

/**
 * Turns what the xDS server sees of an Envoy into the {@link ProxyState} that status is derived from.
 *
 * An Envoy is ready from the first time that it has acknowledged everything until its connection ends: a change that is
 * on its way makes no Gateway unprogrammed.
 */
export class ProxyMonitor {
  readonly #proxy: string;
  readonly #proxies: Input<ProxyState>;
  readonly #addresses = machineAddresses();
  readonly #refusedSockets = new Map<string, string>();
  #ready = false;

  constructor(proxy: string, proxies: Input<ProxyState>) {
    this.#proxy = proxy;
    this.#proxies = proxies;
    this.#publish("Envoy has not connected yet.");
  }

  /** An observer that notes refused listeners, and passes everything on. */
  observe(next: XdsObserver): XdsObserver {
    return {
      ...next,
      rejected: (event) => {
        if (event.typeUrl === listenerType) this.#refuse(event.name, event.message);
        next.rejected?.(event);
      },
      accepted: (event) => {
        if (event.typeUrl === listenerType) this.#refuse(event.name, undefined);
        next.accepted?.(event);
      },
    };
  }

  follow(delivery: Delivery): void {
    delivery.subscribe((proxy) => {
      if (proxy !== this.#proxy) return;
      const { connected, settled } = delivery.status(proxy);
      const ready = connected > 0 && (this.#ready || settled);
      if (ready === this.#ready) return;
      this.#ready = ready;
      this.#publish(connected === 0 ? "Envoy is not connected." : "Envoy has not taken all of its configuration yet.");
    });
  }

  #refuse(socket: string, message: string | undefined): void {
    if (message === undefined) this.#refusedSockets.delete(socket);
    else this.#refusedSockets.set(socket, message);
    this.#publish("Envoy has not taken all of its configuration yet.");
  }

  #publish(message: string): void {
    this.#proxies.set(this.#proxy, {
      ready: this.#ready,
      message: this.#ready ? "Envoy serves." : message,
      addresses: this.#addresses,
      refusedSockets: Object.fromEntries(this.#refusedSockets),
    });
  }
}

/** Addresses at which other machines reach this one; the loopback address where there are none. */
function machineAddresses(): readonly ProxyAddress[] {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal && address.family === "IPv4")
    .map((address) => address.address);
  return (found.length > 0 ? found : ["127.0.0.1"]).map((value) => ({ type: "IPAddress", value }));
}
