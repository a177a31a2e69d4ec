import type { Reader } from "../collections/collection.ts";
import { type AllowedReference, type BackendContext, invalidBackendTls, type ResolvedBackend } from "./backend.ts";
import { backendKey } from "./policy-target.ts";
import { experimentalGroup } from "./route-kind.ts";
import { speakToXBackend } from "./x-backend.ts";

/** The XBackend that a reference means. It has one port, and a reference to it has none. */
export function resolveXBackend(
  { fetch }: Reader,
  { xBackends }: BackendContext,
  { key, spokenAs, refused }: AllowedReference,
): ResolvedBackend {
  const found = fetch(xBackends, key);
  if (found === undefined) {
    const [namespace, name = ""] = key.split("/");
    const missing = { group: experimentalGroup, kind: "XBackend", ...(namespace !== undefined && { namespace }), name };
    return refused("BackendNotFound", `There is no XBackend ${key}.`, missing);
  }
  const backend = backendKey("XBackend", key);
  const use = { backend };
  if (found.hostnameProblem !== undefined) {
    return { ...refused("RefNotPermitted", `Nothing is sent to XBackend ${key}: ${found.hostnameProblem}`), use };
  }
  const protocol = speakToXBackend(spokenAs, found);
  if (protocol === undefined) {
    const spoken = [...(found.protocol === undefined ? [] : [found.protocol]), ...(found.tls ? ["TLS"] : [])];
    const message = `XBackend ${key} speaks ${spoken.join(" over ")}, and ${spokenAs}s can't be served with that.`;
    return { ...refused("UnsupportedProtocol", message), use };
  }
  const target = { backend, port: found.port, protocol, tls: found.tls };
  if (found.refused !== undefined) {
    const message = `Nothing is sent to XBackend ${key}, because it can't be spoken to as its spec.tls asks: ${found.refused.message}`;
    const { problem } = refused(invalidBackendTls, message, found.missing);
    return { problem, use, asIs: { ...target, tls: false } };
  }
  const { sessionPersistence } = found;
  return { target, use, ...(sessionPersistence === undefined ? {} : { sessionPersistence }) };
}
