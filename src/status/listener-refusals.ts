import { formatPath, formatReference, type Origin } from "../resources/origin.ts";
import type { ProxyState } from "./proxy-state.ts";
import type { Refusal } from "./refusal.ts";

const SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
const LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";

/** What a {@link ProxyState} says of refused listeners. */
export type RefusedListeners = Pick<ProxyState, "refusedSockets" | "refusedListeners" | "refusedSecrets">;

/** Key of a listener, by its place in a Gateway or ListenerSet. */
export function originKey({ resource, path }: Origin): string {
  return `${formatReference(resource)} ${formatPath(path)}`;
}

/** Whole sockets that are refused, single listeners of sockets that serve their others, and what certificates are. */
export function refusedListeners(refusals: Iterable<Refusal>): RefusedListeners {
  const sockets: Record<string, string> = {};
  const listeners: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const { typeUrl, name, whole, parts } of refusals) {
    if (typeUrl === SECRET && whole !== undefined) secrets[name] = whole;
    if (typeUrl !== LISTENER) continue;
    if (whole !== undefined) sockets[name] = whole;
    else for (const { origins, message } of parts) for (const origin of origins) listeners[originKey(origin)] = message;
  }
  return { refusedSockets: sockets, refusedListeners: listeners, refusedSecrets: secrets };
}
