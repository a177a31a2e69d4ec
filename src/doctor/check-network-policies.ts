import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, type Facts, numberAt, objectsOf, problem } from "./facts.ts";
import { gatewaysOf, workloadsOf } from "./gateways.ts";
import { controllersOf, nameOf, podsOf, readyReplicas, servedInstead } from "./installation.ts";
import { selects } from "./label-selector.ts";

/** Where proxies find the controller. */
const xdsPort = 18_000;

/** Does a NetworkPolicy cut proxies off from the controller? */
export const checkNetworkPolicies: Check = {
  name: "Network policies",
  needs: ["NetworkPolicy", "Pod", "Deployment", "Namespace"],
  codes: ["network-policy-in-the-way"],
  examine: (facts) => ({
    seen: `${objectsOf(facts, "NetworkPolicy").length} around proxies and controller`,
    findings: controllersOf(facts).flatMap((controller) => {
      const [to] = podsOf(facts, controller);
      if (to === undefined) return [];
      // Those of other namespaces have nothing to look for there.
      const served = gatewaysOf(facts).filter((gateway) => servedInstead(facts, gateway) === undefined);
      return served.flatMap((gateway) =>
        workloadsOf(facts, gateway).flatMap((workload) => {
          const [from] = podsOf(facts, workload);
          return from === undefined ? [] : cut(facts, from, to, gateway, readyReplicas(workload) > 0);
        }),
      );
    }),
  }),
};

/** Kubernetes, NetworkPolicy: pods that no policy selects may do anything; the others what one of theirs allows. */
function cut(facts: Facts, from: ApiObject, to: ApiObject, gateway: ApiObject, served: boolean): readonly Finding[] {
  const egress = policiesOf(facts, from, "Egress");
  const ingress = policiesOf(facts, to, "Ingress");
  const told = (policy: ApiObject, direction: string, rule: string): Finding =>
    problem(
      "network-policy-in-the-way",
      policy,
      `It lets the proxies of Gateway ${nameOf(gateway)} not reach the controller (TCP ${xdsPort}): ${direction}.${served ? " Those that are connected may stay so; new ones will not be ready." : ""}`,
      rule,
      { path: ["spec"], severity: served ? "warning" : "error" },
    );
  const [out] = egress;
  const [into] = ingress;
  return [
    ...(out !== undefined && !egress.some((policy) => allows(facts, policy, "egress", to))
      ? [
          told(
            out,
            `it selects the proxies, and no egress rule of theirs allows it`,
            `Add an egress rule to it: to pods labelled app.kubernetes.io/name=gatewright in namespace ${to.metadata.namespace}, TCP ${xdsPort}; and UDP and TCP 53, for names.`,
          ),
        ]
      : []),
    ...(into !== undefined && !ingress.some((policy) => allows(facts, policy, "ingress", from))
      ? [
          told(
            into,
            `it selects the controller, and no ingress rule there allows it`,
            `Add an ingress rule to it: from pods labelled app.kubernetes.io/managed-by=gatewright in every namespace (namespaceSelector: {}), TCP ${xdsPort}.`,
          ),
        ]
      : []),
  ];
}

function policiesOf(facts: Facts, pod: ApiObject, type: "Egress" | "Ingress"): readonly ApiObject[] {
  return objectsOf(facts, "NetworkPolicy").filter((policy) => {
    const types = list(field(policy, "spec", "policyTypes")).map(text);
    const applies =
      types.length === 0 ? type === "Ingress" || field(policy, "spec", "egress") !== undefined : types.includes(type);
    return (
      applies &&
      policy.metadata.namespace === pod.metadata.namespace &&
      selects(field(policy, "spec", "podSelector"), pod.metadata.labels ?? {})
    );
  });
}

function allows(facts: Facts, policy: ApiObject, direction: "egress" | "ingress", other: ApiObject): boolean {
  return list(field(policy, "spec", direction)).some((rule) => {
    const ports = list(field(rule, "ports"));
    const peers = list(field(rule, direction === "egress" ? "to" : "from"));
    return (
      (ports.length === 0 || ports.some(isXdsPort)) &&
      (peers.length === 0 || peers.some((peer) => isPeer(facts, policy, peer, other)))
    );
  });
}

function isXdsPort(port: unknown): boolean {
  if ((text(field(port, "protocol")) || "TCP") !== "TCP") return false;
  const value = field(port, "port");
  if (value === undefined || value === "xds") return true;
  const from = numberAt(port, "port");
  const to = numberAt(port, "endPort") ?? from;
  return from !== undefined && to !== undefined && from <= xdsPort && xdsPort <= to;
}

function isPeer(facts: Facts, policy: ApiObject, peer: unknown, pod: ApiObject): boolean {
  const block = field(peer, "ipBlock");
  // Addresses of pods are the network's affair: a block may hold them.
  if (block !== undefined) return true;
  const [pods, namespaces] = [field(peer, "podSelector"), field(peer, "namespaceSelector")];
  if (namespaces === undefined) {
    return policy.metadata.namespace === pod.metadata.namespace && selects(pods, pod.metadata.labels ?? {});
  }
  const namespace = objectsOf(facts, "Namespace").find(({ metadata }) => metadata.name === pod.metadata.namespace);
  return (
    selects(namespaces, namespace?.metadata.labels ?? {}) &&
    (pods === undefined || selects(pods, pod.metadata.labels ?? {}))
  );
}
