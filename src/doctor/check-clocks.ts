import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, type Facts, objectsOf, problem, serverNow } from "./facts.ts";
import { leaseName } from "./installation.ts";
import { conditionOf } from "./workload-trouble.ts";

/** Certificates begin to be valid when they are made: who is behind by more than this refuses them. */
const toleratedMs = 30_000;
/** A kubelet renews its Lease every 10 s; the node stays Ready for 40 s without. */
const longestRenewalMs = 60_000;

/** Do clocks agree: this machine's, the API server's, those of nodes and of the controller? */
export const checkClocks: Check = {
  name: "Clocks",
  needs: ["Lease", "Node"],
  codes: ["clock-skew"],
  examine: (facts) => ({
    seen:
      facts.serverClock === undefined
        ? "the API server tells no time"
        : `the API server's is ${seconds(facts.serverClock.aheadMs)} from this machine's`,
    findings: [...ofThisMachine(facts), ...objectsOf(facts, "Lease").flatMap((lease) => ofLease(facts, lease))],
  }),
};

function ofThisMachine({ serverClock }: Facts): readonly Finding[] {
  if (serverClock === undefined) return [];
  const { aheadMs, accuracyMs } = serverClock;
  if (Math.abs(aheadMs) - accuracyMs < toleratedMs) return [];
  return [
    problem(
      "clock-skew",
      { group: "", kind: "Node", name: "this machine" },
      `This machine's clock is ${seconds(Math.abs(aheadMs))} ${aheadMs > 0 ? "behind" : "ahead of"} the API server's: what it says of certificates is about another time, and tokens that it is given may not be valid yet.`,
      "Set it: systemctl status systemd-timesyncd, or chronyc tracking.",
      { severity: "warning" },
    ),
  ];
}

/** A Lease says the time of whoever renewed it. */
function ofLease(facts: Facts, lease: ApiObject): readonly Finding[] {
  const renewed = new Date(text(field(lease, "spec", "renewTime"))).getTime();
  if (Number.isNaN(renewed)) return [];
  const ahead = renewed - serverNow(facts).getTime();
  const isNode = lease.metadata.namespace === "kube-node-lease";
  if (!isNode && lease.metadata.name !== leaseName) return [];
  const node = isNode
    ? objectsOf(facts, "Node").find(({ metadata }) => metadata.name === lease.metadata.name)
    : undefined;
  const whose = isNode
    ? `Node ${lease.metadata.name}`
    : `The node of the controller ${lease.metadata.namespace}/${text(field(lease, "spec", "holderIdentity"))}`;
  const accuracy = facts.serverClock?.accuracyMs ?? 0;
  const object = node ?? lease;
  const remedy = `Set its clock: systemctl status systemd-timesyncd, or chronyc tracking, on the node.`;
  if (ahead - accuracy > toleratedMs) {
    return [
      problem(
        "clock-skew",
        object,
        `${whose} has a clock that is ${seconds(ahead)} ahead of the API server's: certificates that are made there are not valid yet elsewhere, and proxies can't connect.`,
        remedy,
      ),
    ];
  }
  // Whether a node is Ready is judged by when it is heard of, not by what it says of the time.
  const isReady = node !== undefined && conditionOf(node, "Ready")?.status === "True";
  if (isReady && -ahead - accuracy > longestRenewalMs) {
    return [
      problem(
        "clock-skew",
        object,
        `${whose} is Ready, and renewed its Lease ${seconds(-ahead)} ago by its own clock, which is behind: certificates that were just made are not valid there yet.`,
        remedy,
      ),
    ];
  }
  return [];
}

function seconds(milliseconds: number): string {
  const value = Math.abs(milliseconds) / 1000;
  return value < 120 ? `${value.toFixed(value < 10 ? 1 : 0)} s` : `${Math.round(value / 60)} min`;
}
