import type { ApiObject } from "../kubernetes/api-object.ts";
import { counted } from "../resources/counted.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { keyOf } from "../resources/object.ts";
import { readyEndpoints, slicesOf } from "./endpoints.ts";
import { type Check, type Facts, hasLabels, labelsAt, numberAt, objectsOf, problem, some } from "./facts.ts";
import { conditionOf, troubleOf } from "./workload-trouble.ts";

/** Have the Services that routes lead to somewhere to send requests? */
export const checkEndpoints: Check = {
  name: "Backends",
  needs: ["Service", "EndpointSlice"],
  codes: ["no-endpoints"],
  examine: (facts) => {
    const used = objectsOf(facts, "Service").filter(
      (service) => facts.usedServices.has(keyOf(service)) && text(field(service, "spec", "type")) !== "ExternalName",
    );
    return {
      seen: counted(used.length, "Service"),
      findings: used.flatMap((service) => withoutEndpoints(facts, service)),
    };
  },
};

function withoutEndpoints(facts: Facts, service: ApiObject): readonly Finding[] {
  const { namespace = "", name, annotations } = service.metadata;
  if (annotations?.["gatewright.dev/endpoints"] !== undefined) return [];
  if (readyEndpoints(facts, namespace, name) > 0) return [];
  const { why, remedy } = causeOf(facts, service);
  return [
    problem(
      "no-endpoints",
      service,
      `Service ${namespace}/${name} has no endpoints, so its share of requests gets 503: ${why}`,
      remedy,
      { path: ["spec", "selector"] },
    ),
  ];
}

interface Cause {
  readonly why: string;
  readonly remedy: string;
}

function causeOf(facts: Facts, service: ApiObject): Cause {
  const { namespace = "", name } = service.metadata;
  const selector = labelsAt(service, "spec", "selector");
  const selected = Object.entries(selector)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  if (selected === "") {
    return {
      why: "it has no selector, and nobody has written EndpointSlices for it.",
      remedy: `Set spec.selector, or write an EndpointSlice with the label kubernetes.io/service-name: ${name}.`,
    };
  }
  const near = objectsOf(facts, "Pod").filter(({ metadata }) => metadata.namespace === namespace);
  const pods = near.filter((pod) => hasLabels(pod, selector));
  if (pods.length === 0) return nothingSelected(near, selector, selected, namespace, name);
  const ready = pods.filter((pod) => conditionOf(pod, "Ready")?.status === "True");
  if (ready.length === 0) return notReady(facts, pods, namespace);
  return wrongPort(facts, service, ready);
}

/** Pods that have the same labels with other values are the ones that were meant, most likely. */
function nothingSelected(
  pods: readonly ApiObject[],
  selector: Readonly<Record<string, string>>,
  selected: string,
  namespace: string,
  name: string,
): Cause {
  const other = pods.find(({ metadata }) =>
    Object.keys(selector).some((label) => metadata.labels?.[label] !== undefined),
  );
  const values = Object.keys(selector).flatMap((label) =>
    [...new Set(pods.flatMap(({ metadata }) => metadata.labels?.[label] ?? []))].map((value) => `${label}=${value}`),
  );
  return {
    why: `no pod in namespace ${namespace} has the labels that it selects (${selected}).${other === undefined ? "" : ` There are pods with ${some(values)}.`}`,
    remedy: `kubectl -n ${namespace} get pods --show-labels, then correct spec.selector (kubectl -n ${namespace} edit service ${name}), or start the pods.`,
  };
}

function notReady(facts: Facts, pods: readonly ApiObject[], namespace: string): Cause {
  const [first] = pods;
  const trouble = pods.map((pod) => ({ pod, found: troubleOf(facts, pod) })).find(({ found }) => found !== undefined);
  const names = some(pods.map(({ metadata }) => metadata.name));
  if (trouble?.found !== undefined) {
    return {
      why: `none of its pods is ready (${names}). ${trouble.found.said}`,
      remedy:
        trouble.found.code === "pod-not-ready"
          ? `kubectl -n ${namespace} describe pod ${trouble.pod.metadata.name}; its readiness probe fails.`
          : trouble.found.remedy(`-n ${namespace}`, trouble.pod.metadata.name, "its workload"),
    };
  }
  return {
    why: `none of its pods is ready (${names}).`,
    remedy: `kubectl -n ${namespace} describe pod ${first?.metadata.name ?? ""}`,
  };
}

/** A named port that no pod has leaves a slice without ports. */
function wrongPort(facts: Facts, service: ApiObject, ready: readonly ApiObject[]): Cause {
  const { namespace = "", name } = service.metadata;
  const named = list(field(service, "spec", "ports"))
    .map((port) => text(field(port, "targetPort")))
    .filter((port) => port !== "" && !/^\d+$/.test(port));
  const declared = [
    ...new Set(
      ready.flatMap((pod) =>
        list(field(pod, "spec", "containers")).flatMap((container) =>
          list(field(container, "ports")).map(
            (port) => `${text(field(port, "name")) || "(no name)"} ${numberAt(port, "containerPort") ?? ""}`,
          ),
        ),
      ),
    ),
  ];
  if (named.length > 0) {
    return {
      why: `its pods are ready, and none has a port named ${named.join(", ")}; they have ${some(declared) || "no ports with names"}.`,
      remedy: `Set targetPort to a port of the pods, by number or name: kubectl -n ${namespace} edit service ${name}`,
    };
  }
  const slices = slicesOf(facts, namespace, name).length;
  return {
    why: `its pods are ready, and ${slices === 0 ? "there is no EndpointSlice" : "its EndpointSlices don't have them"}: kube-controller-manager has not written them.`,
    remedy:
      "See whether kube-controller-manager runs, and whether a quota or webhook keeps it from writing EndpointSlices.",
  };
}
