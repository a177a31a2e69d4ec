import { counted } from "../resources/counted.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, problem, type Scrape, some } from "./facts.ts";
import { metric, samples } from "./metrics.ts";

/** Longer than anything takes that will end by itself: a write that is tried again, or a push to a slow proxy. */
const longSeconds = 30;

/** Do controllers get their work done? They say so themselves, in their metrics. */
export const checkProgress: Check = {
  name: "Progress",
  needs: ["Deployment", "Pod"],
  codes: ["writes-waiting", "proxy-behind"],
  examine: ({ controllers }) => {
    const answers = controllers.filter(({ metrics }) => metrics !== undefined);
    return {
      seen: `${answers.length} of ${counted(controllers.length, "controller")} told of it`,
      findings: answers.flatMap((answer) => [...waiting(answer), ...behind(answer)]),
    };
  },
};

/** Only the leader writes; the others keep what they would have to write. */
function waiting({ namespace, pod, metrics = "" }: Scrape): readonly Finding[] {
  if (metric(metrics, "gatewright_leader") !== 1) return [];
  const queues = samples(metrics, "gatewright_queue_oldest_seconds").filter(({ value }) => value > longSeconds);
  if (queues.length === 0) return [];
  const list = queues.map(({ labels, value }) => `${labels["queue"] ?? ""} for ${Math.round(value)} s`);
  return [
    problem(
      "writes-waiting",
      podNamed(namespace, pod),
      `The controller has tried in vain to write: ${some(list)}.`,
      `Its log says which objects, and what the API server answers: kubectl -n ${namespace} logs ${pod} | grep "could not be written"`,
    ),
  ];
}

function behind({ namespace, pod, metrics = "" }: Scrape): readonly Finding[] {
  const seconds = metric(metrics, "gatewright_proxies_behind_seconds") ?? 0;
  if (seconds <= longSeconds) return [];
  return [
    problem(
      "proxy-behind",
      podNamed(namespace, pod),
      `A proxy that is connected to the controller has not taken up its configuration for ${Math.round(seconds)} s: it may hang, or have no processor time left.`,
      "kubectl get pods -A -l app.kubernetes.io/component=proxy -o wide; kubectl top pods says who is short of processor time. Delete a pod that hangs.",
    ),
  ];
}

function podNamed(namespace: string, name: string) {
  return { group: "", kind: "Pod", namespace, name };
}
