import { controllerName } from "../gateway/class.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { Gateway, GatewayClass } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { edits } from "../resources/suggest.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { didYouMeanObject } from "./problem-finding.ts";

/** Domains of controllers that go about with their own Gateways: nobody has to be told that those are not ours. */
const otherControllers = [
  "airlock.com",
  "apisix.apache.org",
  "gateway.envoyproxy.io",
  "gateway.haproxy.org",
  "gateway.k8s.aws",
  "gateway.nginx.org",
  "alb.networking.azure.io",
  "application-networking.k8s.aws",
  "agentgateway.dev",
  "io.cilium",
  "istio.io",
  "kgateway.dev",
  "konghq.com",
  "linkerd.io",
  "networking.gke.io",
  "openshift.io",
  "projectcontour.io",
  "stunner.l7mp.io",
  "traefik.io",
] as const;

/** GatewayClasses that are refused, and Gateways of classes that nobody has or nobody owns. */
export function analyseClasses(analysed: Analysed): readonly Finding[] {
  const { resources, semantics } = analysed;
  const refused = sorted(semantics.classes).flatMap(([, { name, accepted }]): readonly Finding[] =>
    accepted.status === "True"
      ? []
      : [
          {
            severity: "error",
            code: codeOf(accepted.reason),
            message: accepted.message,
            origin: originOf("GatewayClass", name, ["spec", "parametersRef"]),
          },
        ],
  );
  const misspelt = sorted(resources.GatewayClass).flatMap(([, gatewayClass]) => misspeltController(gatewayClass));
  const gateways = sorted(resources.Gateway).flatMap(([, gateway]) => classOf(analysed, gateway));
  return [...refused, ...misspelt, ...gateways];
}

function misspeltController({ metadata: { name }, spec }: GatewayClass): readonly Finding[] {
  const given = spec.controllerName;
  if (given === controllerName || edits(given, controllerName, 4) > 4) return [];
  const origin = originOf("GatewayClass", name, ["spec", "controllerName"]);
  return [
    {
      severity: "error",
      code: "class-of-another-controller",
      message: `${given} is nobody's controller; Gatewright's is ${controllerName}.`,
      remedy: `Did you mean "${controllerName}"?`,
      origin,
      fix: { resource: origin.resource, changes: [{ kind: "set", path: origin.path, value: controllerName }] },
    },
  ];
}

function classOf(analysed: Analysed, { metadata, spec }: Gateway): readonly Finding[] {
  const { namespace = "default", name } = metadata;
  const className = spec.gatewayClassName;
  const origin: Origin = {
    resource: { group: gatewayGroup, kind: "Gateway", namespace, name },
    path: ["spec", "gatewayClassName"],
  };
  const gatewayClass = analysed.resources.GatewayClass.get(className);
  if (gatewayClass === undefined) {
    const remedy = didYouMeanObject({ group: gatewayGroup, kind: "GatewayClass", name: className }, analysed);
    return [
      {
        severity: "warning",
        code: "gateway-class-not-found",
        message: `There is no GatewayClass ${className}, so no controller serves this Gateway.`,
        ...(remedy !== undefined && { remedy }),
        origin,
      },
    ];
  }
  const controller = gatewayClass.spec.controllerName;
  const domain = controller.replace(/\/.*/, "");
  if (misspeltController(gatewayClass).length > 0 || controller === controllerName) return [];
  if (otherControllers.some((known) => domain === known || domain.endsWith(`.${known}`))) return [];
  return [
    {
      severity: "warning",
      code: "class-of-another-controller",
      message: `GatewayClass ${className} is of controller ${controller}, which Gatewright does not know; it leaves this Gateway alone.`,
      remedy: `A class of Gatewright's has controllerName: ${controllerName}.`,
      origin,
    },
  ];
}

function originOf(kind: string, name: string, path: Origin["path"]): Origin {
  return { resource: { group: gatewayGroup, kind, name }, path };
}
