import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { formatReference } from "../resources/origin.ts";
import { readyEndpoints } from "./endpoints.ts";
import { type Check, type Facts, objectsOf, problem, some, type Trial } from "./facts.ts";
import { causeOf } from "./refusal-cause.ts";

/** Do webhooks and policies let through what Gatewright and its users write? */
export const checkAdmission: Check = {
  name: "Admission",
  needs: ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Service", "EndpointSlice"],
  codes: ["webhook-in-the-way", "write-refused"],
  examine: (facts) => {
    const webhooks = webhooksOf(facts);
    return {
      seen: `${webhooks.length} webhooks for what Gatewright writes; ${facts.trials.length} of its writes tried`,
      findings: [...webhooks.flatMap((webhook) => unanswered(facts, webhook)), ...refused(facts.trials)],
    };
  },
};

interface Webhook {
  readonly configuration: ApiObject;
  readonly index: number;
  readonly webhook: unknown;
}

/** What the controller and its users write, by API group. */
const written: Readonly<Record<string, readonly string[]>> = {
  "": ["services", "configmaps", "secrets", "serviceaccounts", "pods"],
  apps: ["deployments", "daemonsets", "replicasets"],
  "gateway.networking.k8s.io": [
    "gatewayclasses",
    "gateways",
    "httproutes",
    "grpcroutes",
    "tlsroutes",
    "tcproutes",
    "udproutes",
    "listenersets",
    "referencegrants",
    "backendtlspolicies",
  ],
  "coordination.k8s.io": ["leases"],
};

function webhooksOf(facts: Facts): readonly Webhook[] {
  return ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]
    .flatMap((kind) => objectsOf(facts, kind))
    .flatMap((configuration) =>
      list(field(configuration, "webhooks")).map((webhook, index) => ({ configuration, index, webhook })),
    )
    .filter(({ webhook }) => concerns(webhook).length > 0);
}

/** Which of our writes a webhook is asked about, as `group/resource`. */
function concerns(webhook: unknown): readonly string[] {
  return list(field(webhook, "rules")).flatMap((rule) => {
    const groups = list(field(rule, "apiGroups")).map(text);
    const asked = list(field(rule, "resources")).map(text);
    return Object.entries(written).flatMap(([group, resources]) =>
      groups.includes("*") || groups.includes(group)
        ? resources
            .filter((resource) =>
              asked.some((it) => it === "*" || it === "*/*" || it === resource || it.startsWith(`${resource}/`)),
            )
            .map((resource) => (group === "" ? resource : `${resource}.${group}`))
        : [],
    );
  });
}

/** With failurePolicy Fail, a webhook that nobody answers refuses everything that it is asked about. */
function unanswered(facts: Facts, { configuration, index, webhook }: Webhook): readonly Finding[] {
  const namespace = text(field(webhook, "clientConfig", "service", "namespace"));
  const service = text(field(webhook, "clientConfig", "service", "name"));
  if (service === "" || text(field(webhook, "failurePolicy")) === "Ignore") return [];
  const exists = objectsOf(facts, "Service").some(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === service,
  );
  if (exists && readyEndpoints(facts, namespace, service) > 0) return [];
  const why = exists ? "has no ready endpoints" : "does not exist";
  const resources = some(concerns(webhook), 4);
  const kind = configuration.kind.toLowerCase();
  return [
    problem(
      "webhook-in-the-way",
      configuration,
      `Webhook ${text(field(webhook, "name"))} has to be asked about every write of ${resources}, and its Service ${namespace}/${service} ${why}: the API server refuses those writes.`,
      `Bring it back (kubectl -n ${namespace} get pods), or remove it if what it belongs to is gone: kubectl delete ${kind} ${configuration.metadata.name}`,
      { path: ["webhooks", index] },
    ),
  ];
}

/** What the API server said when the controller's writes were tried. */
function refused(trials: readonly Trial[]): readonly Finding[] {
  const byRefusal = new Map<string, Trial[]>();
  for (const trial of trials) {
    if (trial.refusal === undefined) continue;
    const known = byRefusal.get(causeOf(trial.refusal));
    if (known === undefined) byRefusal.set(causeOf(trial.refusal), [trial]);
    else known.push(trial);
  }
  return [...byRefusal.entries()].flatMap(([cause, of]) => {
    const [first] = of;
    if (first === undefined) return [];
    const whats = of.map(
      ({ what, subresource }) => `${subresource === undefined ? "" : `the ${subresource} of `}${formatReference(what)}`,
    );
    return [
      problem(
        "write-refused",
        first.what,
        `The API server refuses what the controller writes (${some(whats)}): ${cause}`,
        remedyFor(cause),
      ),
    ];
  });
}

function remedyFor(cause: string): string {
  const policy = /ValidatingAdmissionPolicy '([^']+)'/.exec(cause)?.[1];
  if (policy !== undefined) {
    return `Let the policy make an exception for the controller: kubectl get validatingadmissionpolicy ${policy} -o yaml`;
  }
  const webhook = /webhook "([^"]+)"/.exec(cause)?.[1];
  if (webhook !== undefined) {
    return `Let the webhook make an exception for the controller, or bring its server back: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml | grep -B5 ${webhook}`;
  }
  return "Change what refuses it, or let it make an exception for the controller.";
}
