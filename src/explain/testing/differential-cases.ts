import type { RequestHeader } from "../request.ts";
import type { Outcome } from "./rig.ts";

/** What the cases are asked of: rules of one host that tell apart what is easily mistaken. */
export const caseObjects: readonly object[] = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { namespace: "cases", name: "gateway" },
    spec: {
      gatewayClassName: "gatewright",
      listeners: [
        { name: "http", port: 8100, protocol: "HTTP" },
        {
          name: "https",
          port: 9100,
          protocol: "HTTPS",
          hostname: "*.example.com",
          tls: { certificateRefs: [{ name: "certificate" }] },
        },
      ],
    },
  },
  route(
    "exact",
    ["a.example.com"],
    [
      rule({
        path: { type: "RegularExpression", value: "/re/[^/]+" },
        headers: [{ name: "x-re", type: "RegularExpression", value: "a..b" }],
      }),
      rule({ headers: [{ name: "x-list", value: "1,2" }] }),
      rule({ headers: [{ name: "x-list", value: "1" }] }),
      rule({ headers: [{ name: "x_under", value: "1" }] }),
      rule({ headers: [{ name: "x-forwarded-proto", value: "https" }] }),
      rule({ headers: [{ name: "x-empty", type: "RegularExpression", value: ".*" }] }),
      rule({ queryParams: [{ name: "q", value: "1" }] }),
      rule({ method: "CONNECT" }),
      rule({ path: { type: "Exact", value: "/%C3%A9" } }),
      {
        ...rule({ path: { type: "Exact", value: "/cors" } }),
        filters: [{ type: "CORS", cors: { allowOrigins: ["*"] } }],
      },
      {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "to", statusCode: 302 } }],
      },
    ],
  ),
  route("wildcard", ["*.example.com"], [rule({})]),
];

function route(name: string, hostnames: readonly string[], rules: readonly object[]): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: "cases", name },
    spec: { parentRefs: [{ name: "gateway" }], hostnames, rules },
  };
}

function rule(match: object): object {
  return { matches: [match] };
}

/** A request of which Envoy makes other than one might expect, or `explain` once did. */
export interface Case {
  readonly name: string;
  /** a.example.com by default; none at all for "none". */
  readonly host?: string;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly RequestHeader[];
  /** Over TLS, with this server name. */
  readonly serverName?: string;
  /** 8100 without TLS and 9100 with it, unless it says otherwise. */
  readonly port?: number;
  readonly expected: Outcome;
}

const wildcard: Outcome = { status: 500, rule: "8100/*.example.com wildcard rules[0].matches[0]" };
const notFound: Outcome = { status: 404 };
const badRequest: Outcome = { status: 400 };
const grpc: RequestHeader = { name: "content-type", value: "application/grpc" };

function ruleOf(index: number): Outcome {
  return { status: 500, rule: `8100/a.example.com exact rules[${index}].matches[0]` };
}

/** The last rule, which redirects and so shows what the path was made. */
function path(normalised: string): Outcome {
  return {
    status: 302,
    rule: "8100/a.example.com exact rules[10].matches[0]",
    location: `http://to:8100${normalised}`,
  };
}

export const cases: readonly Case[] = [
  { name: "parameters of dot elements are taken away", target: "/a/..;x=1/b/.;/c", expected: path("/b/c") },
  { name: "but not where the dots are escaped", target: "/a/%2e%2e;x/b", expected: path("/a/..;x/b") },
  { name: "nor of other elements", target: "/a;x/...;y/;z", expected: path("/a;x/...;y/;z") },
  {
    name: "they go after escaped slashes are unescaped",
    target: "/a/..;x%2fy",
    expected: { status: 307, location: "/y" },
  },
  { name: "an escape that unescaping would make is escaped", target: "/%%3030", expected: path("/%25030") },
  { name: "half an escape stays", target: "/%4%zz%", expected: path("/%4%zz%") },
  { name: "characters that no path has are escaped", target: '/"<^`{|}>', expected: path("/%22%3C%5E%60%7B%7C%7D%3E") },
  { name: "only slashes stay two", target: "///", expected: path("//") },
  { name: "the query is left alone", target: "/?x=/../%2f//%00", expected: path("/?x=/../%2f//%00") },
  { name: "escapes are compared as they are written", target: "/%c3%a9", expected: path("/%c3%a9") },
  { name: "escapes that are written alike match", target: "/%C3%A9", expected: ruleOf(8) },
  { name: "a byte that must be escaped is refused", target: "/\xe9", expected: badRequest },
  { name: "a fragment is refused", target: "/#a", expected: badRequest },
  { name: "and of gRPC, as gRPC", target: "/#a", headers: [grpc], expected: { status: 200, grpcStatus: "13" } },
  {
    name: "an escaped slash redirects no gRPC call",
    target: "/%2f",
    headers: [grpc],
    expected: { status: 200, grpcStatus: "13" },
  },
  { name: "what is no HTTP is no gRPC", host: "a b", headers: [grpc], expected: badRequest },
  { name: "CONNECT with a path", method: "CONNECT", expected: badRequest },
  { name: "CONNECT reaches no route", method: "CONNECT", target: "a.example.com:80", expected: notFound },
  { name: "OPTIONS * reaches no route", method: "OPTIONS", target: "*", expected: notFound },
  { name: "a method in lower case", method: "get", expected: badRequest },
  { name: "no Host", host: "none", expected: badRequest },
  { name: "two Hosts are one with a comma", headers: [{ name: "Host", value: "b.example.com" }], expected: wildcard },
  { name: "of which empty ones are none", headers: [{ name: "Host", value: "" }], expected: path("/") },
  { name: "Host ends with two dots", host: "a.example.com..", expected: path("/") },
  { name: "Host is a wildcard", host: "*.example.com", expected: wildcard },
  { name: "Host is a wildcard in capitals", host: "*.EXAMPLE.com", expected: wildcard },
  { name: "Host has a label without characters", host: "a..example.com", expected: wildcard },
  { name: "Host has a user", host: "u@a.example.com", expected: wildcard },
  { name: "Host has a port that is none", host: "a.example.com:x", expected: path("/") },
  { name: "Host is longer than DNS allows", host: `${"a.".repeat(130)}example.com`, expected: notFound },
  {
    name: "regular expressions compare bytes",
    target: "/re/x",
    headers: [{ name: "x-re", value: "a\xc3\xa9b" }],
    expected: ruleOf(0),
  },
  {
    name: "values of one header are compared one by one, never joined",
    headers: [
      { name: "x-list", value: "1" },
      { name: "x-list", value: "2" },
    ],
    expected: ruleOf(2),
  },
  { name: "one value with a comma", headers: [{ name: "x-list", value: "1,2" }], expected: ruleOf(1) },
  { name: "a header with an underscore is dropped", headers: [{ name: "x_under", value: "1" }], expected: path("/") },
  {
    name: "the scheme is the connection's",
    headers: [{ name: "x-forwarded-proto", value: "https" }],
    expected: path("/"),
  },
  { name: "an empty header is there", headers: [{ name: "x-empty", value: "" }], expected: ruleOf(5) },
  { name: "the first of a repeated parameter counts", target: "/?q=2&q=1", expected: path("/?q=2&q=1") },
  { name: "a digit that is escaped in the query is not one", target: "/?q=%31", expected: path("/?q=%31") },
  {
    name: "a CORS preflight of a rule that answers by itself is answered by the rule",
    method: "OPTIONS",
    target: "/cors",
    headers: [
      { name: "Origin", value: "http://a.test" },
      { name: "Access-Control-Request-Method", value: "GET" },
    ],
    expected: ruleOf(9),
  },
  { name: "no chain for the server name", serverName: "other.org", expected: {} },
  { name: "HTTP where TLS is spoken", port: 9100, expected: {} },
  { name: "TLS where HTTP is spoken", port: 8100, serverName: "a.example.com", expected: {} },
  { name: "another host on a connection with TLS", serverName: "b.example.com", host: "other.org", expected: notFound },
];
