import type { Reader } from "../collections/collection.ts";
import { backendKey, keyOfBackend, ofPort } from "../gateway/policy-target.ts";
import { experimentalGroup, gatewayGroup } from "../gateway/route-kind.ts";
import type { Cluster, UpstreamTls } from "../ir/cluster.ts";
import { ownGroup } from "../resources/identify.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { RuleAction } from "./explanation.ts";

const reader: Reader = { fetch: (collection, key) => collection.get(key) };

/** How a backend is spoken to, and which policies say so. */
export function backendPolicies(
  explained: Explained,
  cluster: Cluster,
  port: number | undefined,
): readonly RuleAction[] {
  const { kind, namespace = "default", name } = cluster.origin.resource;
  if (kind !== "Service" && kind !== "XBackend") return [];
  const backend = backendKey(kind, `${namespace}/${name}`);
  const { backendTls, backendTraffic, backendHealth } = explained.semantics;
  const section = portName(explained, backend, port);
  const holder = ofPort(reader, backendTls.holders, backend, section);
  const health = ofPort(reader, backendHealth.holders, backend, section);
  const traffic = backendTraffic.holders.get(backend);
  const by = (policyGroup: string, policyKind: string, key: string, message: string): RuleAction => {
    const [policyNamespace = "", policyName = ""] = key.split("/");
    const resource: ResourceReference = {
      group: policyGroup,
      kind: policyKind,
      namespace: policyNamespace,
      name: policyName,
    };
    return { message: `${message} (${policyKind} ${key})`, place: placeOf(explained, { resource, path: ["spec"] }) };
  };
  return [
    ...(cluster.tls === undefined
      ? []
      : holder === undefined
        ? [{ message: tlsText(cluster.tls) }]
        : [by(gatewayGroup, "BackendTLSPolicy", holder.policy, tlsText(cluster.tls))]),
    ...(traffic === undefined || cluster.retryBudget === undefined
      ? []
      : [
          by(
            experimentalGroup,
            "XBackendTrafficPolicy",
            traffic,
            `at most ${cluster.retryBudget.percent} % of the requests may be retries`,
          ),
        ]),
    ...(health === undefined
      ? []
      : healthTexts(cluster).map((text) => by(ownGroup, "BackendTrafficPolicy", health, text))),
  ];
}

function healthTexts({ health }: Cluster): readonly string[] {
  const { outlierDetection: outliers, healthCheck: check } = health ?? {};
  const seconds = (milliseconds: number) => `${milliseconds / 1000} s`;
  return [
    ...(outliers === undefined
      ? []
      : [
          `endpoints that fail several times in a row get no requests for ${seconds(outliers.baseEjectionMilliseconds)}`,
        ]),
    ...(check === undefined
      ? []
      : [`endpoints are asked for ${check.path} each ${seconds(check.intervalMilliseconds)}`]),
  ];
}

function portName({ resources }: Explained, backend: string, port: number | undefined): string | undefined {
  const key = keyOfBackend("Service", backend);
  const service = key === undefined ? undefined : resources.Service.get(key);
  return service?.spec?.ports?.find((candidate) => candidate.port === port)?.name;
}

function tlsText({ serverName, verification }: UpstreamTls): string {
  const names = verification?.subjectAltNames.map(({ value }) => value).join(" or ");
  return `over TLS${serverName === undefined ? "" : ` for ${serverName}`}, ${names === undefined ? "without a look at its certificate" : `if its certificate is for ${names}`}`;
}
