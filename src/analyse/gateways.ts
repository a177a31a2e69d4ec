import type { GatewayListener } from "../gateway/gateway-listener.ts";
import { socketName } from "../gateway/listener.ts";
import { gatewayKeyOf } from "../gateway/listener-set.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { findingOf, unenforcedFinding } from "./problem-finding.ts";

/** GatewayClasses that are missing or refused, ListenerSets that may not attach, and listeners that can't be served. */
export function analyseGateways({ resources, semantics }: Analysed): readonly Finding[] {
  const classes = sorted(semantics.classes).flatMap(([, { name, accepted }]): readonly Finding[] =>
    accepted.status === "True"
      ? []
      : [
          {
            severity: "error",
            code: codeOf(accepted.reason),
            message: accepted.message,
            origin: { resource: { group: gatewayGroup, kind: "GatewayClass", name }, path: ["spec", "parametersRef"] },
          },
        ],
  );
  const missingClasses = sorted(resources.Gateway).flatMap(([, { metadata, spec }]): readonly Finding[] => {
    if (resources.GatewayClass.get(spec.gatewayClassName) !== undefined) return [];
    const { namespace = "default", name } = metadata;
    const origin: Origin = {
      resource: { group: gatewayGroup, kind: "Gateway", namespace, name },
      path: ["spec", "gatewayClassName"],
    };
    return [
      {
        severity: "warning",
        code: "gateway-class-not-found",
        message: `There is no GatewayClass ${spec.gatewayClassName}, so no controller serves this Gateway.`,
        origin,
      },
    ];
  });
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
    ...listener.problems.map(findingOf),
    ...listener.notEnforced.map((field) => unenforcedFinding(field, listener.origin.resource)),
  ]);
  const clientCertificates = sorted(semantics.clientCertificates).flatMap(([, { problem }]) =>
    problem === undefined ? [] : [findingOf(problem)],
  );
  return [
    ...classes,
    ...missingClasses,
    ...refusedGateways(semantics),
    ...refusedListenerSets({ resources, semantics }),
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

/** A selector reads the labels of the Namespace, which may be among the documents that are not here; so may the Gateway. */
function refusedListenerSets({ resources, semantics }: Analysed): readonly Finding[] {
  return sorted(resources.ListenerSet).flatMap(([key, object]): readonly Finding[] => {
    const { namespace = "default", name } = object.metadata;
    const origin: Origin = {
      resource: { group: gatewayGroup, kind: "ListenerSet", namespace, name },
      path: ["spec", "parentRef"],
    };
    const refused = semantics.listenerSets.get(key)?.refused;
    if (refused !== undefined) {
      const perhaps =
        refused.message.includes("the selector reads") && resources.Namespace.get(namespace) === undefined;
      const severity = perhaps ? "warning" : "error";
      return [{ severity, code: codeOf(refused.reason), message: refused.message, origin }];
    }
    const gatewayKey = gatewayKeyOf(object);
    if (gatewayKey !== undefined && resources.Gateway.get(gatewayKey) !== undefined) return [];
    const { kind } = object.spec.parentRef;
    return gatewayKey === undefined
      ? [
          {
            severity: "error",
            code: "parent-not-served",
            message: `A ListenerSet adds its listeners to a Gateway; a parent of kind ${kind} has none.`,
            origin,
          },
        ]
      : [{ severity: "warning", code: "gateway-not-found", message: `There is no Gateway ${gatewayKey}.`, origin }];
  });
}
