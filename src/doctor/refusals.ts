import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { problem } from "./facts.ts";

/** Kinds whose statuses tell what Envoy refused, and whose fault it is. */
const kinds: readonly string[] = [
  "Gateway",
  "ListenerSet",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
];

/** What Envoy refused of these objects, each message once. */
export function refusals(objects: readonly ApiObject[]): readonly Finding[] {
  return objects
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap((object) => {
      const told = conditionsOf(object).flatMap((condition) => {
        const message = text(field(condition, "message"));
        return isRefusal(message) ? [message.replaceAll(/\s+/g, " ").trim()] : [];
      });
      return [...new Set(told)].map((message) => problem("configuration-refused", object, message, remedyFor(message)));
    });
}

/** Whether a condition's message says that Envoy refused something. */
export function isRefusal(message: string): boolean {
  return /Envoy refuse/.test(message);
}

function remedyFor(message: string): string {
  return /Address already in use|duplicate address/.test(message)
    ? "Something else listens on that port (ss -ltnp shows who): stop it, or give the listener another port; --port-offset moves all."
    : "Change what is named; everything else is served. If it should be accepted, it is a mistake of Gatewright's: please report it, with the object.";
}

function conditionsOf(object: ApiObject): readonly unknown[] {
  const status = field(object, "status");
  return [status, ...["listeners", "parents", "ancestors"].flatMap((part) => list(field(status, part)))].flatMap(
    (each) => list(field(each, "conditions")),
  );
}
