import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, type Facts, numberAt, objectsOf, problem } from "./facts.ts";
import { addressesAt, gatewaysOf, madeFor, workloadsOf } from "./gateways.ts";
import { isServed, nameOf } from "./installation.ts";
import { causeOf } from "./refusal-cause.ts";
import { isRefusal } from "./refusals.ts";
import { conditionOf, eventsOf, type StatusCondition, workloadTrouble } from "./workload-trouble.ts";

/** Is each Gateway programmed, and if not, why? */
export const checkGateways: Check = {
  name: "Gateways",
  needs: ["Gateway", "GatewayClass", "Service"],
  codes: ["status-not-written", "no-address", "not-programmed", "quota-exceeded", "write-refused"],
  examine: (facts) => {
    const gateways = gatewaysOf(facts);
    const programmed = gateways.filter((gateway) => conditionOf(gateway, "Programmed")?.status === "True");
    return {
      seen: `${programmed.length} of ${gateways.length} programmed`,
      // Where no controller runs, that is what is wrong.
      findings: isServed(facts) ? gateways.flatMap((gateway) => notProgrammed(facts, gateway)) : [],
    };
  },
};

function notProgrammed(facts: Facts, gateway: ApiObject): readonly Finding[] {
  const condition = conditionOf(gateway, "Programmed");
  const generation = numberAt(gateway, "metadata", "generation") ?? 1;
  if (condition === undefined || condition.observedGeneration < generation) {
    const isNew = condition === undefined || condition.observedGeneration === 0;
    const told = isNew
      ? "nobody has said what becomes of it"
      : `its status is about generation ${condition.observedGeneration}, and it is at ${generation}`;
    return [stale(gateway, `Programmed is ${condition?.status ?? "absent"}, and ${told}`)];
  }
  if (condition.status === "True") return [];
  const why = `Programmed is ${condition.status} (${condition.reason})`;
  if (/^AddressNot(Assigned|Usable)$/.test(condition.reason)) return [noAddress(facts, gateway, condition, why)];
  // What is wrong with its pods, or with what is written, is told by itself.
  const trouble = workloadsOf(facts, gateway).flatMap((workload) => workloadTrouble(facts, workload, ""));
  if (trouble.length > 0 || facts.findings.some((finding) => isAbout(finding, gateway))) return [];
  if (isRefusal(condition.message)) return [];
  return [refused(gateway, condition, why)];
}

function stale(gateway: ApiObject, what: string): Finding {
  return problem(
    "status-not-written",
    gateway,
    `${what}: a controller runs, and has not written the status.`,
    "See whether the controller may write it (Permissions, Admission), whether the namespace is watched (--watch-namespace), and what it logs.",
    { path: ["status", "conditions"] },
  );
}

/** Whether a finding is an error in this very object. */
export function isAbout({ severity, origin }: Finding, { kind, metadata }: ApiObject): boolean {
  const { resource } = origin ?? {};
  return (
    severity === "error" &&
    resource?.kind === kind &&
    resource.name === metadata.name &&
    resource.namespace === metadata.namespace
  );
}

/** What the API server said against an object of the Gateway's is in its status. */
function refused(gateway: ApiObject, { message }: StatusCondition, why: string): Finding {
  const namespace = gateway.metadata.namespace ?? "";
  if (/exceeded quota/.test(message)) {
    return problem(
      "quota-exceeded",
      gateway,
      `${why}: a quota of namespace ${namespace} leaves no room for what the Gateway is given: ${causeOf(message)}`,
      `kubectl -n ${namespace} describe resourcequota; raise it, or ask for less (spec.service.type: ClusterIP in its GatewayParameters takes no load balancer).`,
    );
  }
  if (/denied (the )?request|failed calling webhook|ValidatingAdmissionPolicy/.test(message)) {
    return problem(
      "write-refused",
      gateway,
      `${why}: admission refuses what the Gateway is given: ${causeOf(message)}`,
      "Let the webhook or policy that is named make an exception for what belongs to Gatewright (label app.kubernetes.io/managed-by=gatewright).",
    );
  }
  return problem(
    "not-programmed",
    gateway,
    `${why}: ${message}`,
    `gatewright describe gateway ${gateway.metadata.name} -n ${namespace}; kubectl -n ${namespace} get pods,services -l gateway.networking.k8s.io/gateway-name=${gateway.metadata.name}`,
  );
}

function noAddress(facts: Facts, gateway: ApiObject, condition: StatusCondition, why: string): Finding {
  const namespace = gateway.metadata.namespace ?? "";
  const services = madeFor(facts, gateway, "Service");
  const waiting = services.find(
    (service) => isLoadBalancer(service) && addressesAt(service, "status", "loadBalancer", "ingress").length === 0,
  );
  const given = services.flatMap((service) => addressesAt(service, "status", "loadBalancer", "ingress"));
  if (waiting === undefined && given.length > 0)
    return stale(gateway, `${why}, and its Services have ${given.join(", ")}`);
  if (waiting === undefined) {
    return problem("no-address", gateway, `${why}: ${condition.message}`, remedyWithoutService(gateway));
  }
  const [event] = eventsOf(facts, waiting);
  const others = objectsOf(facts, "Service").filter(
    (service) => isLoadBalancer(service) && addressesAt(service, "status", "loadBalancer", "ingress").length > 0,
  );
  const asked = list(field(gateway, "spec", "addresses"))
    .map((address) => text(field(address, "value")))
    .filter(Boolean);
  const described = `kubectl -n ${namespace} describe service ${waiting.metadata.name}`;
  const said = event === undefined ? "" : ` It says: ${event.reason}: ${event.message}`;
  if (others.length === 0) {
    return problem(
      "no-address",
      gateway,
      `${why}: Service ${nameOf(waiting)} of type LoadBalancer has no address, and neither has any other in the cluster: nothing here gives addresses to load balancers.${said}`,
      "Install something that does (your cloud's controller, MetalLB, Cilium's LB-IPAM, kube-vip), or set spec.service.type: NodePort or ClusterIP in its GatewayParameters.",
    );
  }
  return problem(
    "no-address",
    gateway,
    `${why}: Service ${nameOf(waiting)} of type LoadBalancer has no address, though others have (${nameOf(others[0] ?? waiting)}).${said}`,
    asked.length > 0
      ? `Is ${asked.join(", ")} in the pool of addresses, and free? ${described}`
      : `Are there addresses left in the pool, and does its loadBalancerClass fit? ${described}`,
  );
}

function remedyWithoutService(gateway: ApiObject): string {
  const { namespace = "", name } = gateway.metadata;
  return `kubectl -n ${namespace} get services -l gateway.networking.k8s.io/gateway-name=${name}; what spec.addresses asks for has to be given by the cluster.`;
}

function isLoadBalancer(service: ApiObject): boolean {
  return text(field(service, "spec", "type")) === "LoadBalancer";
}
