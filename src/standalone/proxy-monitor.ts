import { networkInterfaces } from "node:os";
import type { Collection, Input } from "../collections/collection.ts";
import { refusedListeners } from "../status/listener-refusals.ts";
import type { ProxyAddress, ProxyState } from "../status/proxy-state.ts";
import type { Refusal } from "../status/refusal.ts";
import type { Delivery } from "../xds/delivery.ts";

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
  readonly #refusals: Collection<Refusal>;
  #ready = false;
  #message = "Envoy has not connected yet.";

  constructor(proxy: string, proxies: Input<ProxyState>, refusals: Collection<Refusal>) {
    this.#proxy = proxy;
    this.#proxies = proxies;
    this.#refusals = refusals;
    refusals.subscribe(() => this.#publish());
    this.#publish();
  }

  follow(delivery: Delivery): void {
    delivery.subscribe((proxy) => {
      if (proxy !== this.#proxy) return;
      const { connected, settled } = delivery.status(proxy);
      const ready = connected > 0 && (this.#ready || settled);
      if (ready === this.#ready) return;
      this.#ready = ready;
      this.#message = connected === 0 ? "Envoy is not connected." : "Envoy has not taken all of its configuration yet.";
      this.#publish();
    });
  }

  #publish(): void {
    this.#proxies.set(this.#proxy, {
      ready: this.#ready,
      message: this.#ready ? "Envoy serves." : this.#message,
      addresses: this.#addresses,
      ...refusedListeners([...this.#refusals.entries()].map(([, refusal]) => refusal)),
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
