import { controllerName } from "../gateway/class.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { counted } from "../resources/counted.ts";
import { field, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, type Facts, isWhole, objectsOf, problem, some } from "./facts.ts";
import { classesOf, gatewaysOf } from "./gateways.ts";
import {
  controllersOf,
  isServed,
  leaseAge,
  leaseOverMs,
  leasesOf,
  nameOf,
  readyReplicas,
  wantedReplicas,
  watchedNamespaces,
  workloadName,
} from "./installation.ts";
import { workloadTrouble } from "./workload-trouble.ts";

/** Is there a controller, does it run, and is it the only one? */
export const checkControllers: Check = {
  name: "Controller",
  needs: ["Deployment", "Lease", "GatewayClass"],
  codes: [
    "controller-not-found",
    "controller-not-running",
    "two-controllers",
    "image-not-pulled",
    "pod-crashes",
    "pod-not-scheduled",
    "pod-not-ready",
    "quota-exceeded",
    "pods-refused",
  ],
  examine: (facts) => {
    const controllers = controllersOf(facts);
    const held = leasesOf(facts).filter((lease) => (leaseAge(facts, lease) ?? Number.POSITIVE_INFINITY) < leaseOverMs);
    const holders = held.map((lease) => text(field(lease, "spec", "holderIdentity")));
    const seen = [
      ...controllers.map((each) => `${nameOf(each)}, ${readyReplicas(each)} of ${wantedReplicas(each)} ready`),
      ...(holders.length === 0 ? [] : [`leader ${holders.join(", ")}`]),
    ];
    return {
      seen: seen.join("; "),
      findings: [
        ...(controllers.length === 0 && held.length === 0 ? notFound(facts) : []),
        ...controllers.flatMap((controller) => notRunning(facts, controller)),
        ...several(facts, controllers, held),
      ],
    };
  },
};

function notFound(facts: Facts): readonly Finding[] {
  if (!isWhole(facts, "Deployment")) return [];
  const [gatewayClass] = classesOf(facts);
  const waiting = gatewaysOf(facts).length;
  return [
    problem(
      "controller-not-found",
      gatewayClass ?? { group: "apps", kind: "Deployment", name: "gatewright" },
      gatewayClass === undefined
        ? `Gatewright is not installed: there is no Deployment with the label app.kubernetes.io/name=gatewright, and no GatewayClass with controllerName ${controllerName}.`
        : `Nobody serves GatewayClass ${gatewayClass.metadata.name}${waiting === 0 ? "" : `; waiting: ${counted(waiting, "Gateway")}`}: no controller runs in the cluster (no Deployment with the label app.kubernetes.io/name=gatewright, and no Lease that is held).`,
      "Install it: docs/install.md, or kubectl apply --server-side -f manifests/gatewright.yaml",
    ),
  ];
}

function notRunning(facts: Facts, controller: ApiObject): readonly Finding[] {
  const { namespace = "", name } = controller.metadata;
  const ready = readyReplicas(controller);
  const waiting = gatewaysOf(facts).length;
  const trouble = workloadTrouble(facts, controller, `the controller ${nameOf(controller)}`);
  if (wantedReplicas(controller) === 0) {
    return [
      problem(
        "controller-not-running",
        controller,
        `The controller is scaled to 0: nothing that changes is served. What keeps what its proxies have: ${counted(waiting, "Gateway")}.`,
        `kubectl -n ${namespace} scale deployment/${name} --replicas=2`,
        { path: ["spec", "replicas"] },
      ),
    ];
  }
  const own = leasesOf(facts).filter(({ metadata }) => metadata.namespace === namespace);
  const [lease] = own;
  const age = lease && leaseAge(facts, lease);
  if (ready === 0) {
    return [
      problem(
        "controller-not-running",
        controller,
        `No replica of the controller is ready: changes are not served, and statuses stay as they are (Programmed Unknown for what is new).`,
        trouble.length > 0
          ? "See below why its pods don't run."
          : `kubectl -n ${namespace} logs ${workloadName(controller)}; kubectl -n ${namespace} describe ${workloadName(controller)}`,
      ),
      ...trouble,
    ];
  }
  // Whoever holds the lease may run outside of the cluster, under another name; nobody at all is wrong.
  if (isWhole(facts, "Lease") && !isServed(facts)) {
    const since =
      age === undefined ? "nobody holds its Lease" : `its Lease was last renewed ${Math.round(age / 1000)} s ago`;
    return [
      problem(
        "controller-not-running",
        lease ?? controller,
        `The controller's pods run, and none of them leads: ${since}. Statuses are not written, and Gateways are given nothing.`,
        `kubectl -n ${namespace} logs ${workloadName(controller)} | grep lease. 403: it needs get, create and update of leases there. 401: its ServiceAccount was made anew, and its pods have the old one's token: kubectl -n ${namespace} rollout restart ${workloadName(controller)}`,
      ),
      ...trouble,
    ];
  }
  return trouble;
}

/** Two that write the same statuses, each as it sees them, and give Gateways the same objects, undo each other's work. */
function several(facts: Facts, controllers: readonly ApiObject[], held: readonly ApiObject[]): readonly Finding[] {
  const running = controllers.filter((controller) => wantedReplicas(controller) > 0);
  const namespaces = new Set([...running, ...held].map(({ metadata }) => metadata.namespace));
  const [first, second] = running;
  if (running.length < 2 && namespaces.size < 2) return [];
  const watched = running.map(watchedNamespaces);
  const apart = watched.flatMap((each) => each ?? []);
  const overlap = watched.includes(undefined) || new Set(apart).size < apart.length || running.length < namespaces.size;
  if (!overlap) return [];
  const [lease] = held;
  const object = second ?? lease ?? first;
  if (object === undefined || objectsOf(facts, "GatewayClass").length === 0) return [];
  const names = running.length > 1 ? running : held;
  return [
    problem(
      "two-controllers",
      object,
      `${names.length > 1 ? names.length : namespaces.size} controllers answer to ${controllerName} and undo each other's work: ${some(names.map((each) => `${each.kind} ${nameOf(each)}`))}.`,
      "Remove all but one (kubectl -n NAMESPACE delete deployment NAME), or give each namespaces of its own (--watch-namespace).",
    ),
  ];
}
