import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Facts, numberAt, objectsOf, problem, some } from "./facts.ts";
import { podsOf, readyReplicas, wantedReplicas, workloadName } from "./installation.ts";

/**
 * Why a Deployment or DaemonSet has not all the pods that it should: each cause once, with the pods that it is about.
 *
 * @param whose in words, e.g. "the proxies of Gateway shop/edge"
 */
export function workloadTrouble(facts: Facts, workload: ApiObject, whose: string): readonly Finding[] {
  const refused = refusedPods(workload, whose);
  const byCause = new Map<string, { readonly trouble: Trouble; readonly pods: ApiObject[] }>();
  for (const pod of podsOf(facts, workload)) {
    const trouble = troubleOf(facts, pod);
    if (trouble === undefined) continue;
    const known = byCause.get(trouble.code + trouble.said);
    if (known === undefined) byCause.set(trouble.code + trouble.said, { trouble, pods: [pod] });
    else known.pods.push(pod);
  }
  const ready = readyReplicas(workload);
  const wanted = wantedReplicas(workload);
  const left = ready === 0 ? "none is ready, so nothing is served" : `${ready} of ${wanted} are ready`;
  return [
    ...refused,
    ...[...byCause.values()].map(({ trouble, pods }) => {
      const [pod = workload] = pods;
      const names = some(pods.map(({ metadata }) => metadata.name));
      const remedy = trouble.remedy(`-n ${pod.metadata.namespace}`, pod.metadata.name, workloadName(workload));
      return problem(trouble.code, pod, `${trouble.said} (${whose}: ${names}; ${left}.)`, remedy, {
        severity: ready === 0 || trouble.code === "host-port-taken" ? "error" : "warning",
      });
    }),
  ];
}

export interface Trouble {
  readonly code: Finding["code"];
  readonly said: string;
  readonly remedy: (inNamespace: string, pod: string, workload: string) => string;
}

/** Pods that could not even be made: a quota, a policy or a webhook refused them. */
function refusedPods(workload: ApiObject, whose: string): readonly Finding[] {
  const failure = conditionOf(workload, "ReplicaFailure");
  if (failure?.status !== "True") return [];
  const namespace = workload.metadata.namespace ?? "";
  const { message } = failure;
  if (/exceeded quota/.test(message)) {
    const quota = /exceeded quota: ([^,\s]+)/.exec(message)?.[1] ?? "";
    return [
      problem(
        "quota-exceeded",
        workload,
        `A quota leaves no room for ${whose}: ${message}`,
        `Raise the quota (kubectl -n ${namespace} edit resourcequota ${quota}), or ask for less (spec.workload.replicas, spec.envoy.resources of its GatewayParameters).`,
      ),
    ];
  }
  return [
    problem(
      "pods-refused",
      workload,
      `The API server refuses pods of ${whose}: ${message}`,
      /PodSecurity/.test(message)
        ? `What its GatewayParameters ask for is more than the namespace allows: kubectl get namespace ${namespace} --show-labels. Change them, or the namespace's pod-security.kubernetes.io/enforce.`
        : "Change what refuses them, or let it make an exception for these pods.",
    ),
  ];
}

/** Why a pod is not ready; undefined if it is, or if it has not had the time. */
export function troubleOf(facts: Facts, pod: ApiObject): Trouble | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status === "False") return unscheduled(scheduled.message, facts, pod);
  const statuses = [
    ...list(field(pod, "status", "initContainerStatuses")),
    ...list(field(pod, "status", "containerStatuses")),
  ];
  for (const status of statuses) {
    const found = containerTrouble(status);
    if (found !== undefined) return found;
  }
  const mount = eventsOf(facts, pod).find(({ reason }) => /FailedMount|FailedCreatePodSandBox/.test(reason));
  const ready = conditionOf(pod, "Ready");
  if (ready?.status === "True") return undefined;
  if (statuses.some((status) => field(status, "state", "running") !== undefined)) {
    const unhealthy = eventsOf(facts, pod).find(({ reason }) => reason === "Unhealthy");
    return {
      code: "pod-not-ready",
      said: `The pod runs and is not ready${unhealthy === undefined ? "" : `: ${unhealthy.message.trim().replace(/:$/, "")}`}.`,
      remedy: (where, name) => `kubectl ${where} logs ${name}; a proxy is ready when it has its configuration.`,
    };
  }
  return mount === undefined
    ? undefined
    : {
        code: "pod-not-ready",
        said: `The pod can't be started: ${mount.message}`,
        remedy: (where, name) => `kubectl ${where} describe pod ${name}`,
      };
}

function unscheduled(message: string, facts: Facts, pod: ApiObject): Trouble {
  if (/free ports/.test(message)) {
    const ports = hostPorts(pod);
    const holders = objectsOf(facts, "Pod").filter(
      (other) =>
        other !== pod &&
        text(field(other, "spec", "nodeName")) !== "" &&
        hostPorts(other).some((port) => ports.includes(port)),
    );
    const held =
      holders.length === 0
        ? ""
        : ` Held by ${some(holders.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`))}.`;
    return {
      code: "host-port-taken",
      said: `No node has the host port${ports.length === 1 ? "" : "s"} ${ports.join(", ")} free, so the pod waits: ${message}${held}`,
      remedy: (where, _name, workload) =>
        `On a rolling update the new pod waits for the old one, which waits for it: let old ones go first (spec.workload.rollingUpdate of its GatewayParameters: maxSurge 0, maxUnavailable 1), or add a node. To get through now, delete the old pod: kubectl ${where} get pods -o wide, then kubectl ${where} delete pod NAME (of ${workload}).`,
    };
  }
  return {
    code: "pod-not-scheduled",
    said: `No node takes the pod: ${message || "the scheduler has not said why"}`,
    remedy: (where, name) =>
      /Insufficient/.test(message)
        ? "Add a node, or ask for less (spec.envoy.resources.requests of its GatewayParameters)."
        : `kubectl ${where} describe pod ${name}; change taints, or the parameters that say where pods go.`,
  };
}

function hostPorts(pod: ApiObject): readonly number[] {
  return list(field(pod, "spec", "containers")).flatMap((container) =>
    list(field(container, "ports")).flatMap((port) => numberAt(port, "hostPort") ?? []),
  );
}

function containerTrouble(status: unknown): Trouble | undefined {
  const reason = text(field(status, "state", "waiting", "reason"));
  const message = text(field(status, "state", "waiting", "message"));
  const image = text(field(status, "image"));
  if (/^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)$/.test(reason)) {
    return {
      code: "image-not-pulled",
      said: `The image ${image} can't be pulled (${reason})${message === "" ? "" : `: ${message}`}`,
      remedy: (where, name) =>
        `Check its name, and that nodes reach its registry (imagePullSecrets): kubectl ${where} describe pod ${name}`,
    };
  }
  const ended = field(status, "lastState", "terminated") ?? field(status, "state", "terminated");
  const restarts = numberAt(status, "restartCount") ?? 0;
  const crashes = reason === "CrashLoopBackOff" || (restarts > 0 && field(status, "ready") === false);
  if (crashes && ended !== undefined) {
    const why = text(field(ended, "reason"));
    const said =
      why === "OOMKilled" ? "it had no memory left (OOMKilled)" : `exit code ${text(field(ended, "exitCode"))}`;
    return {
      code: "pod-crashes",
      said: `The container ${text(field(status, "name"))} ends again and again: ${said}`,
      remedy: (where, name) =>
        why === "OOMKilled"
          ? "Give it more memory (spec.envoy.resources.limits of its GatewayParameters)."
          : `kubectl ${where} logs ${name} --previous`,
    };
  }
  if (/^(CreateContainerConfigError|CreateContainerError|RunContainerError)$/.test(reason)) {
    return {
      code: "pod-crashes",
      said: `The container ${text(field(status, "name"))} can't be started (${reason}): ${message}`,
      remedy: (where, name) => `kubectl ${where} describe pod ${name}`,
    };
  }
  return undefined;
}

interface Told {
  readonly reason: string;
  readonly message: string;
}

/** Warnings about an object, the latest first. */
export function eventsOf(facts: Facts, object: ApiObject): readonly Told[] {
  return objectsOf(facts, "Event")
    .filter(
      (event) =>
        text(field(event, "involvedObject", "kind")) === object.kind &&
        text(field(event, "involvedObject", "name")) === object.metadata.name &&
        event.metadata.namespace === object.metadata.namespace,
    )
    .map((event) => ({
      reason: text(field(event, "reason")),
      message: text(field(event, "message")),
      at: text(field(event, "lastTimestamp")) || text(field(event, "eventTime")),
    }))
    .sort((left, right) => (left.at < right.at ? 1 : -1));
}

export interface StatusCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

export function conditionOf(object: unknown, type: string): StatusCondition | undefined {
  const found = list(field(object, "status", "conditions")).find(
    (condition) => text(field(condition, "type")) === type,
  );
  return found === undefined
    ? undefined
    : {
        status: text(field(found, "status")),
        reason: text(field(found, "reason")),
        message: text(field(found, "message")),
        observedGeneration: numberAt(found, "observedGeneration") ?? 0,
      };
}
