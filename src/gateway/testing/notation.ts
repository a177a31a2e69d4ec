import { X509Certificate } from "node:crypto";
import type { BackendHealth, Cluster, EndpointGroup, EndpointSet, RetryBudget, UpstreamTls } from "../../ir/cluster.ts";
import type { HostTable } from "../../ir/host-table.ts";
import type { FilterChain } from "../../ir/listener.ts";
import type {
  Cors,
  ExternalAuth,
  HeaderModifier,
  PathModifier,
  RequestMatch,
  Rewrite,
  Rule,
  SessionPersistence,
  ValueMatch,
} from "../../ir/rule.ts";
import type { TlsParameters } from "../../ir/tls-parameters.ts";
import type { Share, Tracing } from "../../ir/tracing.ts";
import type { TrustBundle } from "../../ir/trust-bundle.ts";

/**
 * The IR in short lines, for people who read golden files. Nothing is left out that changes what is served.
 *
 * @example "GET PathPrefix /a, version = v2 → 9 × Service/default/a/80/http1, 1 × 500 (HTTPRoute/default/r/0)"
 */
export function describeRule(rule: Rule): string {
  const steps = [
    ...headerSteps("request", rule.requestHeaders),
    ...headerSteps("response", rule.responseHeaders),
    ...(rule.cors === undefined ? [] : [describeCors(rule.cors)]),
    ...(rule.externalAuth === undefined ? [] : [describeExternalAuth(rule.externalAuth)]),
    ...describeAction(rule),
  ];
  return `${describeMatch(rule.match)} → ${steps.join("; ")} (${rule.name})`;
}

/** A line for each rule, and before them one for each authorization. */
export function describeTable({ authorizations, rules }: HostTable): readonly string[] {
  return [...(authorizations ?? []).map((auth) => `first ${describeExternalAuth(auth)}`), ...rules.map(describeRule)];
}

function describeMatch({ path, method, headers, queryParams, grpc }: RequestMatch): string {
  return [
    `${grpc === true ? "gRPC " : ""}${method === undefined ? "" : `${method} `}${path.type} ${path.value}`,
    ...headers.map(describeValue),
    ...queryParams.map((match) => `?${describeValue(match)}`),
  ].join(", ");
}

function describeValue({ name, type, value }: ValueMatch): string {
  return `${name} ${type === "Exact" ? "=" : "~"} ${value}`;
}

function describeAction({ action, match }: Rule): readonly string[] {
  switch (action.kind) {
    case "respond":
      return [`${action.statusCode} ${action.reason}`];
    case "redirect": {
      const { scheme, hostname, port, path, statusCode } = action;
      const parts = [
        ...(scheme === undefined ? [] : [`scheme ${scheme}`]),
        ...(hostname === undefined ? [] : [`hostname ${hostname}`]),
        port === undefined ? "no port" : `port ${port}`,
        ...(path === undefined ? [] : [describePath(path)]),
      ];
      return [`redirect ${statusCode} to ${parts.join(", ")}`];
    }
    case "forward": {
      const { mirrors, timeouts, retry, rewrite, destinations } = action;
      return [
        ...describeRewrite(rewrite),
        ...mirrors.map(({ cluster, fraction }) => `mirror ${fraction.numerator}/${fraction.denominator} to ${cluster}`),
        ...(timeouts?.requestMilliseconds === undefined ? [] : [`timeout ${timeouts.requestMilliseconds} ms`]),
        ...(timeouts?.backendRequestMilliseconds === undefined
          ? []
          : [`timeout of each try ${timeouts.backendRequestMilliseconds} ms`]),
        ...(retry === undefined
          ? []
          : [
              `retry ${retry.attempts} × on [${retry.codes.join(" ")}]${retry.backoffMilliseconds === undefined ? "" : ` after ${retry.backoffMilliseconds} ms`}`,
            ]),
        destinations
          .map(({ cluster, weight, requestHeaders, responseHeaders, rewrite: own, sessionPersistence }) => {
            const modifiers = [
              ...headerSteps("request", requestHeaders),
              ...headerSteps("response", responseHeaders),
              ...describeRewrite(own),
              ...describeSession(sessionPersistence),
            ];
            const share = destinations.length === 1 ? "" : `${weight} × `;
            return `${share}${cluster ?? (match.grpc === true ? 503 : 500)}${modifiers.length === 0 ? "" : ` with ${modifiers.join(", ")}`}`;
          })
          .join(", "),
      ];
    }
  }
}

function describeRewrite(rewrite: Rewrite | undefined): readonly string[] {
  if (rewrite === undefined) return [];
  return [
    ...(rewrite.hostname === undefined ? [] : [`Host becomes ${rewrite.hostname}`]),
    ...(rewrite.path === undefined ? [] : [describePath(rewrite.path)]),
  ];
}

function describePath(path: PathModifier): string {
  return path.type === "ReplaceFullPath"
    ? `path becomes ${path.value}`
    : `prefix ${path.prefix} becomes ${path.value === "" ? '""' : path.value}`;
}

function headerSteps(whose: string, modifier: HeaderModifier | undefined): readonly string[] {
  if (modifier === undefined) return [];
  return [
    ...modifier.set.map(({ name, value }) => `${whose} set ${name}: ${value}`),
    ...modifier.add.map(({ name, value }) => `${whose} add ${name}: ${value}`),
    ...modifier.remove.map((name) => `${whose} remove ${name}`),
  ];
}

function describeCors(cors: Cors): string {
  const parts = [
    `origins [${cors.allowOrigins.join(" ")}]`,
    `methods [${cors.allowMethods.join(" ")}]`,
    `headers [${cors.allowHeaders.join(" ")}]`,
    `exposed [${cors.exposeHeaders.join(" ")}]`,
    ...(cors.allowCredentials ? ["credentials"] : []),
    `for ${cors.maxAgeSeconds} s`,
  ];
  return `CORS ${parts.join(", ")}`;
}

function describeExternalAuth(auth: ExternalAuth): string {
  const { protocol, cluster, pathPrefix, requestHeaders, responseHeaders, bodyBytes } = auth;
  const parts = [
    `ask ${cluster} over ${protocol}`,
    ...(pathPrefix === undefined ? [] : [`under ${pathPrefix}`]),
    ...(requestHeaders.length === 0 ? [] : [`sending [${requestHeaders.join(" ")}]`]),
    ...(responseHeaders.length === 0 ? [] : [`taking [${responseHeaders.join(" ")}]`]),
    ...(bodyBytes === undefined ? [] : [`with bodies of ${bodyBytes} bytes`]),
  ];
  return parts.join(", ");
}

function describeSession(session: SessionPersistence | undefined): readonly string[] {
  if (session === undefined) return [];
  if (session.kind === "header") return [`session in header ${session.name}`];
  const { name, path, lifetimeMilliseconds, secure } = session;
  return [
    `session in ${secure === true ? "secure " : ""}cookie ${name} for ${path}${lifetimeMilliseconds === undefined ? "" : `, ${lifetimeMilliseconds} ms`}`,
  ];
}

/** @example "443~a.example.com: http for SNI a.example.com, TLS with Secret/default/a, ALPN h2 http/1.1" */
export function describeChain(chain: FilterChain): string {
  const parts = [
    `${chain.kind}${chain.serverNames.length === 0 ? "" : ` for SNI ${chain.serverNames.join(" ")}`}`,
    ...(chain.tls === undefined ? [] : [`TLS with ${chain.tls.certificates.join(" ")}`]),
    ...describeParameters(chain.tls?.parameters),
    ...(chain.tls?.clients === undefined
      ? []
      : [`${chain.tls.clients.required ? "only " : "perhaps "}clients of ${chain.tls.clients.trust}`]),
    ...(chain.tls === undefined || chain.tls.alpn.length === 0 ? [] : [`ALPN ${chain.tls.alpn.join(" ")}`]),
    ...(chain.kind === "http"
      ? describeTracing(chain.tracing)
      : [chain.cluster === undefined ? "refused" : `to ${chain.cluster}`]),
  ];
  return `${chain.name}: ${parts.join(", ")}`;
}

function describeTracing(tracing: Tracing | undefined): readonly string[] {
  if (tracing === undefined) return [];
  const { collector, serviceName, spanName, sampling, samplingOfParents, attributes } = tracing;
  const share = ({ numerator, denominator }: Share) => `${numerator}/${denominator}`;
  const parents =
    samplingOfParents === undefined ? "whatever clients say" : `${share(samplingOfParents)} of what clients record`;
  return [
    `traced as ${serviceName}${spanName === undefined ? "" : ` "${spanName}"`}`,
    `${share(sampling)} of new traces, ${parents}`,
    `over ${collector.protocol} to ${collector.cluster} as ${collector.authority}`,
    ...collector.headers.map(({ name, value }) => `telling ${name}: ${value}`),
    ...attributes.map((attribute) => {
      const { name, kind } = attribute;
      if (kind === "literal") return `${name} = ${attribute.value}`;
      return `${name} from ${kind} ${kind === "standard" ? attribute.key : attribute.header}`;
    }),
  ];
}

/** @example "HTTP/2 with TLS to Service/default/a/443" */
export function describeCluster({ protocol, tls, tlsByGroup, discovery, retryBudget, health }: Cluster): string {
  const wrapped = [
    ...(tls === undefined ? [] : [describeTls(tls)]),
    ...Object.entries(tlsByGroup ?? {}).map(([group, upstream]) => `${describeTls(upstream)} to ${group}`),
  ].join(",");
  return [
    `${protocol}${wrapped} to ${describeDiscovery(discovery)}`,
    ...(retryBudget === undefined ? [] : [describeRetryBudget(retryBudget)]),
    ...describeHealth(health),
  ].join(", ");
}

function describeDiscovery(discovery: Cluster["discovery"]): string {
  switch (discovery.kind) {
    case "endpoints":
      return discovery.endpoints;
    case "dns":
      return `whatever DNS has for ${discovery.hostname}:${discovery.port}`;
    case "groups":
      return `whatever DNS has for ${groupLines(discovery.groups).join("; ")}`;
  }
}

function describeRetryBudget({ percent, intervalMilliseconds, minimum }: RetryBudget): string {
  return `retries at most ${percent} % in ${intervalMilliseconds} ms or ${minimum.count} in ${minimum.intervalMilliseconds} ms`;
}

function describeHealth({ outlierDetection: outliers, healthCheck: check }: BackendHealth = {}): readonly string[] {
  const ejection = outliers && [
    `without those that fail ${outliers.consecutive5xxErrors} times (gateway errors ${outliers.consecutiveGatewayErrors})`,
    `for ${outliers.baseEjectionMilliseconds} to ${outliers.maxEjectionMilliseconds} ms, looked at each ${outliers.intervalMilliseconds} ms`,
    `up to ${outliers.maxEjectionPercent} %`,
  ];
  const asked = check && [
    `GET ${check.hostname}${check.path} each ${check.intervalMilliseconds} ms is ${check.expectedStatuses.join(" or ")}`,
    `in ${check.timeoutMilliseconds} ms, ${check.unhealthyThreshold} × down, ${check.healthyThreshold} × up`,
  ];
  return [...(ejection === undefined ? [] : [ejection.join(" ")]), ...(asked === undefined ? [] : [asked.join(" ")])];
}

function describeParameters(parameters: TlsParameters | undefined): readonly string[] {
  const { minimumVersion, maximumVersion, cipherSuites } = parameters ?? {};
  return [
    ...(minimumVersion === undefined ? [] : [`from TLS ${minimumVersion}`]),
    ...(maximumVersion === undefined ? [] : [`up to TLS ${maximumVersion}`]),
    ...(cipherSuites === undefined ? [] : [`ciphers ${cipherSuites.join(" ")}`]),
  ];
}

function describeTls({ serverName, parameters, alpn, verification, clientCertificate }: UpstreamTls): string {
  const names = verification?.subjectAltNames.map(({ type, value }) => (type === "URI" ? value : `DNS:${value}`));
  return [
    ` with TLS${serverName === undefined ? "" : ` for ${serverName}`}`,
    ...describeParameters(parameters),
    ...(alpn === undefined ? [] : [`ALPN ${alpn.join(" ")}`]),
    ...(verification === undefined ? [] : [`trusting ${verification.trust} about ${names?.join(" or ")}`]),
    ...(clientCertificate === undefined ? [] : [`showing ${clientCertificate}`]),
  ].join(" ");
}

/** Whose certificates are in it. */
export function describeTrust({ certificates }: TrustBundle): string {
  return (certificates.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [])
    .map((pem) => new X509Certificate(pem).subject)
    .join(", ");
}

/** One line for each group. */
export function describeEndpoints({ groups }: EndpointSet): readonly string[] {
  return groupLines(groups);
}

function groupLines(groups: readonly EndpointGroup[]): readonly string[] {
  return groups.map(({ weight, endpoints, tls }) => {
    const list = endpoints.map(
      ({ address, port, health }) =>
        `${address.includes(":") ? `[${address}]` : address}:${port}${health === "draining" ? " draining" : ""}`,
    );
    const wrapped = tls === undefined ? "" : ` with TLS as ${tls}`;
    return `${groups.length === 1 ? "" : `${weight} × `}${list.length === 0 ? "nowhere" : list.join(" ")}${wrapped}`;
  });
}
