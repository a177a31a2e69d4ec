import { normalisePath, splitQuery } from "./path.ts";
import type { Request, RequestHeader } from "./request.ts";

/** A request as routes see it: after everything that Envoy does to each one. */
export interface ReceivedRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** Host, without one trailing dot. */
  readonly authority: string;
  /** Normalised, without the query. */
  readonly path: string;
  /** With its "?"; empty for none. */
  readonly query: string;
  /** By lower-case name, each value by itself. Without Host. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly grpc: boolean;
  /** What was changed on the way, in words. */
  readonly changes: readonly string[];
}

/** An answer that no route is asked about. */
export interface EarlyAnswer {
  readonly statusCode: number;
  readonly location?: string;
  readonly grpc: boolean;
  readonly cause: string;
}

export type Reception =
  | { readonly kind: "received"; readonly request: ReceivedRequest }
  | { readonly kind: "answered"; readonly answer: EarlyAnswer };

/** Where the client's address is not known; a documentation address (RFC 5737). */
const someClient = "192.0.2.1";

/**
 * What Envoy's connection manager does with a request before it looks for a route, as `envoy/http-connection-manager.ts`
 * configures it: refuses what is no HTTP, normalises path and Host, and takes away or sets the headers that are its own.
 */
export function receive(request: Request): Reception {
  const { method, target } = request;
  const invalid = invalidity(request);
  // What is no HTTP is no gRPC, either.
  if (invalid !== undefined) return { kind: "answered", answer: { statusCode: 400, grpc: false, cause: invalid } };
  const grpc = hasGrpcContentType(request.headers);
  const answered = (statusCode: number, cause: string): Reception => ({
    kind: "answered",
    answer: { statusCode, grpc, cause },
  });
  const hosts = valuesOf(request.headers, "host");
  if (hosts.length === 0) return answered(400, "it has no Host header");
  const host = hosts.filter((value) => value !== "").join(",");
  if (method === "CONNECT") return answered(404, "CONNECT asks for a tunnel, which no route makes");
  if (!target.startsWith("/")) return answered(404, 'its path does not begin with "/"');
  const normalised = normalisePath(target);
  if (normalised.kind === "refused") return answered(400, normalised.cause);
  if (normalised.kind === "redirect") {
    const cause = "its path has an escaped slash (%2F or %5C)";
    if (grpc) return answered(400, `${cause}, and gRPC clients follow no redirect`);
    return { kind: "answered", answer: { statusCode: 307, location: normalised.path, grpc, cause } };
  }
  const [path, query] = splitQuery(normalised.path);
  const { headers, changes } = receivedHeaders(request);
  const authority = withoutTrailingDot(host);
  return {
    kind: "received",
    request: {
      method,
      scheme: request.scheme,
      authority,
      path,
      query,
      headers,
      grpc,
      changes: [...(authority === host ? [] : ["trailing dot of Host removed"]), ...normalised.changes, ...changes],
    },
  };
}

/** The methods that Envoy's parser knows. */
const methods: readonly string[] = [
  ..."DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND".split(
    " ",
  ),
  ..."REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE MSEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE".split(" "),
  ..."MKCALENDAR LINK UNLINK SOURCE".split(" "),
];

const validAuthority = /^[A-Za-z0-9\-._~%!$&'()*+,;=:@[\]]*$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function invalidity({ method, target, headers }: Request): string | undefined {
  if (!methods.includes(method)) return `Envoy knows no method "${method}"`;
  if (!/^[!-~]+$/.test(target)) return "its path has a byte that must be percent-encoded";
  if (method === "CONNECT") {
    if (!/^[^/?#]+:\d+$/.test(target)) return "CONNECT takes HOST:PORT in place of a path";
  } else if (!target.startsWith("/") && !(target === "*" && method === "OPTIONS")) {
    return 'its path does not begin with "/"';
  }
  const host = valuesOf(headers, "host").find((value) => !validAuthority.test(value));
  if (host !== undefined) return `its Host "${host}" has a character that no host has`;
  const wrong = headers.find(({ name, value }) => !token.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value));
  return wrong && `its header "${wrong.name}" has a character that no header has`;
}

/** Headers that end at the proxy: those of the connection, and Envoy's own, which no client may set. */
const removed: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings-of-upgrade",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "x-envoy-decorator-operation",
  "x-envoy-downstream-service-cluster",
  "x-envoy-downstream-service-node",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-force-trace",
  "x-envoy-hedge-on-per-try-timeout",
  "x-envoy-internal",
  "x-envoy-ip-tags",
  "x-envoy-max-retries",
  "x-envoy-original-path",
  "x-envoy-original-url",
  "x-envoy-retriable-header-names",
  "x-envoy-retriable-status-codes",
  "x-envoy-retry-grpc-on",
  "x-envoy-retry-on",
  "x-envoy-upstream-alt-stat-name",
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-upstream-rq-timeout-alt-response",
  "x-envoy-upstream-rq-timeout-ms",
  "x-forwarded-client-cert",
]);

/** Headers that Envoy sets, whatever the client sent. */
export const setByProxy: readonly string[] = [
  "x-envoy-external-address",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
];

function receivedHeaders({ headers, scheme, clientAddress = someClient }: Request) {
  const received = new Map<string, readonly string[]>();
  const dropped: string[] = [];
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    if (key === "host") continue;
    if (name.includes("_") || removed.has(key)) dropped.push(key);
    else received.set(key, [...(received.get(key) ?? []), value.replace(/^[ \t]+|[ \t]+$/g, "")]);
  }
  const forwarded = received.get("x-forwarded-for") ?? [];
  received.set("x-envoy-external-address", [clientAddress]);
  received.set("x-forwarded-for", [[...forwarded, clientAddress].join(",")]);
  received.set("x-forwarded-proto", [scheme]);
  received.set("x-request-id", ["00000000-0000-4000-8000-000000000000"]);
  const changes = [...new Set(dropped)].map((name) =>
    name.includes("_")
      ? `header ${name} dropped: there is "_" in its name`
      : `header ${name} removed: it ends at the proxy`,
  );
  return { headers: received, changes };
}

function valuesOf(headers: readonly RequestHeader[], name: string): readonly string[] {
  return headers.flatMap((header) => (header.name.toLowerCase() === name ? [header.value.trim()] : []));
}

/** Envoy takes "application/grpc" with or without a suffix, but not gRPC-Web. */
function hasGrpcContentType(headers: readonly RequestHeader[]): boolean {
  const [type = ""] = valuesOf(headers, "content-type");
  return type === "application/grpc" || type.startsWith("application/grpc+");
}

/** @example withoutTrailingDot("a.example.com.:80")  // "a.example.com:80" */
function withoutTrailingDot(host: string): string {
  return host.replace(/\.(?=$|:[^:]*$)/, "");
}
