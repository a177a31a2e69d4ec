/**
 * How many requests fail while one of four pods goes up and down. Needs root.
 *
 *     node bench/cluster/failover.ts [--cycles 5] [--seconds 22] [--implementations gatewright,…]
 *
 * As gateway-api-bench does it: 16 HTTPRoutes with 16 rules each lead to one Service, and a client asks for one of the 256 paths each
 * 5 ms, one after the other. After 22 seconds the kernel of one pod answers with TCP resets, for 22 seconds, and so on. All variants
 * are served at once, of the same pods: each has a Service, 256 paths and a client of its own.
 *
 * A failure in a row that is counted is a request that has failed. So a client that asks over one connection loses, each time that the
 * pod gets requests, as many as are allowed; and it gets them again each ten seconds.
 */

import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { clusterOptions, outputOf } from "../harness/command-line.ts";
import { atLeast, type Limit } from "../harness/judge.ts";
import { gateway, httpRoute } from "../harness/objects.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { sum } from "../harness/statistics.ts";
import { echoPod, echoService } from "./echo-backend.ts";
import {
  checkSeconds,
  ejectionSeconds,
  policyObject,
  type Variant,
  variantLabel,
  variants,
} from "./failover-variants.ts";
import type { Count, FailoverArgument, FailoverResult } from "./inside/failover.ts";
import { onEach, resultsOf, type Stage } from "./on-each.ts";
import { podPids } from "./pod-pids.ts";
import { resetConnections } from "./reset-connections.ts";
import { startInside } from "./run-inside.ts";
import { serveGateway } from "./serve-gateway.ts";

const { values } = parseArgs({
  options: {
    ...clusterOptions,
    cycles: { type: "string", default: "5" },
    seconds: { type: "string", default: "22" },
  },
});
const [cycles, seconds] = [Number(values.cycles), Number(values.seconds)];

const routes = 16;
const rules = 16;
const [flipping, ...steady] = ["backend-0", "backend-1", "backend-2", "backend-3"];
const app = "backend";

const { outcomes, notes } = await onEach("failover", values.implementations, async (stage) => {
  const { cluster, implementation } = stage;
  const address = await serveGateway(stage);
  await cluster.apply(...[flipping, ...steady].flatMap((name) => (name === undefined ? [] : [echoPod(name, app)])));
  const offered = variants.filter(
    (variant) => variant.policy === undefined || policyObject(implementation.id, variant) !== undefined,
  );
  // Policies come before what they are for: routes that are served are served with them.
  await cluster.apply(
    ...offered.map(({ id }) => echoService(id, app)),
    ...offered.flatMap((variant) => policyObject(implementation.id, variant) ?? []),
  );
  await cluster.apply(...offered.flatMap(routesOf));
  const named = [flipping, ...steady].map((name) => `pod/${name}`);
  await cluster.kubectl([`--namespace=${gateway.namespace}`, "wait", "--for=condition=Ready", ...named]);
  return { offered, ...(await flip(stage, address, offered)) };
});

await report(outputOf(values.output), {
  benchmark: "failover",
  tables: [
    {
      title: `${cycles} times ${seconds} s up and ${seconds} s down; ${routes * rules} paths.`,
      headings: [
        "implementation",
        "variant",
        "requests",
        "failed",
        "failed, a cycle",
        "answered by the pod",
        "answered by it while down",
      ],
      rows: outcomes.flatMap(({ implementation, result }) =>
        (result?.offered ?? []).map((variant) => cells(implementation.name, variant, countsOf(result, variant))),
      ),
    },
    {
      title: `Health checks that a pod gets in a second, at an interval of ${checkSeconds} s.`,
      headings: ["implementation", "mean", "max"],
      rows: outcomes.flatMap(({ implementation, result }) => {
        const each = Object.values(result?.checksPerSecond ?? {});
        if (each.length === 0) return [];
        return [[implementation.name, (sum(each) / each.length).toFixed(2), Math.max(...each).toFixed(2)]];
      }),
    },
  ],
  results: resultsOf(outcomes),
  limits: outcomes.flatMap(({ implementation, result }) =>
    implementation.id === "gatewright" && result !== undefined ? limits(result) : [],
  ),
  notes,
});

/** Has the pod go down and up, and tells what the clients saw. */
async function flip({ cluster }: Stage, address: string, offered: readonly Variant[]): Promise<FailoverResult> {
  const pods = await Promise.all(
    steady.map(async (name) => {
      const line = [`--namespace=${gateway.namespace}`, "get", `pod/${name}`, "--output=jsonpath={.status.podIP}"];
      return [name, await cluster.kubectl(line)] as const;
    }),
  );
  const [pid] = await podPids(cluster, gateway.namespace, `name=${flipping}`);
  if (pid === undefined) throw new Error(`nothing runs in pod ${flipping}`);
  const argument: FailoverArgument = {
    address,
    hosts: offered.map(hostOf),
    paths: routes * rules,
    pods: Object.fromEntries(pods),
  };
  const clients = startInside<FailoverResult>(cluster, "failover.ts", argument);
  await clients.said("ready");
  for (let cycle = 0; cycle < cycles; cycle++) {
    await wait(seconds * 1000);
    progress(`cycle ${cycle + 1} of ${cycles}: the pod goes down`);
    clients.tell("down");
    await resetConnections(pid, true);
    await wait(seconds * 1000);
    await resetConnections(pid, false);
    clients.tell("up");
  }
  return await clients.end();
}

function hostOf({ id }: Variant): string {
  return `${id}.example.com`;
}

function routesOf(variant: Variant): readonly ApiObject[] {
  return Array.from({ length: routes }, (_, route) => {
    const name = `${variant.id}-${route}`;
    const own = Array.from({ length: rules }, (__, rule) => ({
      matches: [{ path: { type: "Exact", value: `/${route * rules + rule}` } }],
      backendRefs: [{ name: variant.id, port: 80 }],
      retry: { attempts: variant.attempts },
    }));
    const object = httpRoute({ namespace: gateway.namespace, name }, hostOf(variant), own);
    return { ...object, metadata: { ...object.metadata, labels: { [variantLabel]: variant.id } } };
  });
}

type Phase = Count & { readonly phase: string };

function countsOf(result: FailoverResult | undefined, variant: Variant): readonly Phase[] {
  return result?.counts[hostOf(variant)] ?? [];
}

function failures(phases: readonly Phase[]): number {
  return sum(phases.flatMap(({ failed }) => Object.values(failed)));
}

function cells(name: string, { title }: Variant, phases: readonly Phase[]): readonly string[] {
  const byPod = (wanted: readonly Phase[]) => sum(wanted.map(({ answered }) => answered[flipping ?? ""] ?? 0));
  const answers = sum(phases.flatMap(({ answered }) => Object.values(answered)));
  const failed = failures(phases);
  return [
    name,
    title,
    String(answers + failed),
    String(failed),
    (failed / cycles).toFixed(1),
    String(byPod(phases)),
    String(byPod(phases.filter(({ phase }) => phase === "down"))),
  ];
}

function limits(result: FailoverResult): readonly Limit[] {
  // As often as the pod gets requests while it is down: at first, and each time that its ten seconds are over.
  const times = cycles * Math.ceil(seconds / ejectionSeconds);
  const checks = Object.values(result.checksPerSecond);
  const unhelped = sum(
    variants.flatMap((variant) => (variant.id === "default" ? failures(countsOf(result, variant)) : [])),
  );
  return [
    // If the pod never failed, nothing is known of any help.
    atLeast("failed requests without help", unhelped, 1),
    ...variants.flatMap((variant) => {
      const { id, title, policy } = variant;
      const failed = failures(countsOf(result, variant));
      if (id === "retries") return [{ what: `${title}: failed requests`, value: failed, atMost: 0 }];
      if (policy?.checks) {
        const what = `${title}: failed requests, of those that the pod gets between two checks`;
        return [{ what, value: failed / betweenChecks(countsOf(result, variant)), atMost: 1 }];
      }
      if (policy?.consecutive === undefined) return [];
      const each = policy.consecutive === 1 ? "one" : `${policy.consecutive}`;
      const what = `${title}: failed requests, ${each} for each ejection interval and connection`;
      return [{ what, value: failed, atMost: times * policy.consecutive }];
    }),
    // A check comes at its time or, on a busy machine, late.
    {
      what: "health checks of a pod in a second",
      value: Math.max(...checks),
      atMost: 1.02 / checkSeconds,
    },
    atLeast("health checks of a pod in a second", checks.length === 0 ? 0 : Math.min(...checks), 0.5 / checkSeconds),
  ];
}

/** Requests that one of the pods gets, in all cycles together, until it is checked for the first time after it went down. */
function betweenChecks(phases: readonly Phase[]): number {
  const sent = sum(phases.flatMap(({ answered }) => Object.values(answered))) + failures(phases);
  const perSecond = sent / (2 * seconds * cycles);
  return (cycles * checkSeconds * perSecond) / (steady.length + 1);
}
