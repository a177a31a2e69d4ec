import { isIP } from "node:net";
import type { ExternalHostname } from "../gateway/placement.ts";

/**
 * What a hostname that a backend names (ExternalName, XBackend) is in a cluster: a name outside of it, written so that DNS does not
 * look for it inside first.
 *
 * Whoever may write a Service could otherwise send a Gateway to any Service of any namespace, for which a ReferenceGrant is asked
 * (CVE-2021-25740), or to what only the node or the proxy itself reaches. A name of their own DNS may have any address all the same:
 * docs/security.md says what remains.
 *
 * @example externalHostname("api.example.com")  // { hostname: "api.example.com." }
 */
export function externalHostname(written: string): ExternalHostname {
  const name = written.toLowerCase().replace(/\.$/, "");
  if (isIP(name) !== 0) {
    return { problem: `${written} is an address, and no name. For addresses, use a Service with EndpointSlices.` };
  }
  return isInternal(name.split("."))
    ? {
        problem: `${written} is a name of the cluster's own, or of the machine's. Refer to the Service itself; one of another namespace takes a ReferenceGrant there.`,
      }
    : { hostname: `${name}.` };
}

/** Of the machine; of this cluster (`NAME.NAMESPACE.svc.ZONE`, whatever its zone is); of a cloud's metadata. */
function isInternal(labels: readonly string[]): boolean {
  const [last = ""] = labels.slice(-1);
  return (
    labels.length === 1 ||
    ["local", "localhost", "svc", "pod"].includes(last) ||
    labels.slice(2).some((label) => label === "svc" || label === "pod") ||
    labels.join(".") === "metadata.google.internal"
  );
}
