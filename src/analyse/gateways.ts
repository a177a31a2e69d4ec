import { socketName } from "../gateway/listener.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { codeOf, findingOf } from "./problem-finding.ts";

/** GatewayClasses that are missing or refused, and listeners that can't be served. */
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
    ...(listener.accepted.status === "False"
      ? [
          {
            severity: "error",
            code: codeOf(listener.accepted.reason),
            message: `Listener "${listener.name}" (${socketName(listener.socket)}) is not served. ${listener.accepted.message}`,
            origin: listener.origin,
          } as const,
        ]
      : []),
    ...listener.problems.map(findingOf),
  ]);
  return [...classes, ...missingClasses, ...listeners];
}
