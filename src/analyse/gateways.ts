import type { GatewayListener } from "../gateway/gateway-listener.ts";
import { socketName } from "../gateway/listener.ts";
import { gatewayKeyOf } from "../gateway/listener-set.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { refusedBySelector } from "./attachments.ts";
import { analyseClasses } from "./classes.ts";
import { didYouMeanObject, findingOf, unenforcedFinding } from "./problem-finding.ts";

/** Gateways that are refused, ListenerSets that may not attach, and listeners that can't be served. */
export function analyseGateways(analysed: Analysed): readonly Finding[] {
  const { semantics } = analysed;
  const listeners = sorted(semantics.listeners).flatMap(([, listener]): readonly Finding[] => [
    // Of a Gateway that is refused as a whole, that is said once.
    ...(listener.accepted.status === "False" && semantics.refusals.get(listener.gateway.key) === undefined
      ? [
          {
            severity: mayBeMended(listener) ? "warning" : "error",
            code: codeOf(listener.accepted.reason),
            message: `Listener "${listener.name}" (${socketName(listener.socket)}) is not served. ${listener.accepted.message}`,
            origin: listener.origin,
          } as const,
        ]
      : []),
    ...listener.problems.map((problem) => findingOf(problem, analysed)),
    ...listener.notEnforced.map((field) => unenforcedFinding(field, listener.origin.resource)),
  ]);
  const clientCertificates = sorted(semantics.clientCertificates).flatMap(([, { problem }]) =>
    problem === undefined ? [] : [findingOf(problem, analysed)],
  );
  return [
    ...analyseClasses(analysed),
    ...refusedGateways(semantics),
    ...refusedListenerSets(analysed),
    ...listeners,
    ...clientCertificates,
    ...notEnforced(semantics),
  ];
}

/** Gateways that can't be served as a whole, each with the field that is why. */
function refusedGateways({ refusals, gateways }: Analysed["semantics"]): readonly Finding[] {
  return sorted(refusals).flatMap(([key, { reason, message }]): readonly Finding[] => {
    const { namespace = "default", name = key } = gateways.get(key)?.metadata ?? {};
    const path = reason === "UnsupportedAddress" ? ["spec", "addresses"] : ["spec", "infrastructure", "parametersRef"];
    const resource = { group: gatewayGroup, kind: "Gateway", namespace, name };
    return [{ severity: "error", code: codeOf(reason), message, origin: { resource, path } }];
  });
}

/** Fields of Gateways that are set in vain, such as client certificates that no listener asks for. */
function notEnforced({ notEnforced: fields, gateways }: Analysed["semantics"]): readonly Finding[] {
  return sorted(fields).flatMap(([key, list]) => {
    const { namespace = "default", name = key } = gateways.get(key)?.metadata ?? {};
    return list.map((field) => unenforcedFinding(field, { group: gatewayGroup, kind: "Gateway", namespace, name }));
  });
}

/** Whether documents that are not here could make the listener acceptable. */
function mayBeMended({ accepted, problems }: GatewayListener): boolean {
  return accepted.reason === "NoValidCACertificate" && problems.every(({ missing }) => missing !== undefined);
}

/** ListenerSets that their Gateway does not take. The Gateway may be among the documents that are not here. */
function refusedListenerSets(analysed: Analysed): readonly Finding[] {
  const { resources, semantics } = analysed;
  return sorted(resources.ListenerSet).flatMap(([key, object]): readonly Finding[] => {
    const { namespace = "default", name } = object.metadata;
    const origin: Origin = {
      resource: { group: gatewayGroup, kind: "ListenerSet", namespace, name },
      path: ["spec", "parentRef"],
    };
    const refused = semantics.listenerSets.get(key)?.refused;
    if (refused !== undefined) {
      const finding: Finding = { severity: "error", code: codeOf(refused.reason), message: refused.message, origin };
      const { from, selector } = semantics.listenerSets.get(key)?.gateway.spec.allowedListeners?.namespaces ?? {};
      const isSelected = refused.reason === "NotAllowed" && from === "Selector" && selector !== undefined;
      return [isSelected ? refusedBySelector(analysed, finding, object, [selector]) : finding];
    }
    const gatewayKey = gatewayKeyOf(object);
    if (gatewayKey !== undefined && resources.Gateway.get(gatewayKey) !== undefined) return [];
    if (gatewayKey === undefined) {
      const message = `A ListenerSet adds its listeners to a Gateway; a parent of kind ${object.spec.parentRef.kind} has none.`;
      return [{ severity: "error", code: "parent-not-served", message, origin }];
    }
    const [missingNamespace = "", missingName = ""] = gatewayKey.split("/");
    const missing = { group: gatewayGroup, kind: "Gateway", namespace: missingNamespace, name: missingName };
    const message = `There is no Gateway ${gatewayKey}.`;
    const remedy = didYouMeanObject(missing, analysed);
    return [
      { severity: "warning", code: "gateway-not-found", message, ...(remedy !== undefined && { remedy }), origin },
    ];
  });
}
