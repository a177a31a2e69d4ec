import * as fc from "fast-check";
import type { Request, RequestHeader } from "../request.ts";
import { bytesOf } from "../request.ts";
import {
  calls,
  headerNames,
  headerValues,
  methods,
  parameterNames,
  parameterValues,
  paths,
  services,
} from "./route-sets.ts";

/** A request but for the port that it goes to. */
export type GeneratedRequest = Omit<Request, "port" | "host">;

const hosts = [
  "a.example.com",
  "b.example.com",
  "c.example.com",
  "x.a.example.com",
  "y.x.a.example.com",
  "example.com",
  "other.org",
  "test.com",
];
const oddHosts = [
  "",
  "*",
  "*.example.com",
  ".example.com",
  "a..example.com",
  "a.example.com..",
  "a.example.com.:80",
  "[::1]",
  "[::1]:80",
  "127.0.0.1:8080",
  "a.example.com:",
  "a.example.com:x",
  "a.example.com:80:90",
  "u@a.example.com",
  "a.example.com/b",
  "a b",
  "a_b.example.com",
  "-",
  ".",
  "[",
  "a[.example.com",
  "é.example.com",
  "a%2eexample.com",
  "com",
  "a.example.com,b.example.com",
  `${"a.".repeat(130)}example.com`,
  `${"a.".repeat(121)}example.com`,
].map(bytesOf);

const host = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...hosts) },
  { weight: 2, arbitrary: fc.constantFrom(...hosts).map((name) => name.toUpperCase()) },
  { weight: 2, arbitrary: fc.constantFrom(...hosts).map((name) => `${name}.`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...hosts), fc.constantFrom(80, 443, 8080))
      .map(([name, port]) => `${name}:${port}`),
  },
  { weight: 2, arbitrary: fc.constantFrom(...oddHosts) },
);

/** Ways to write a path otherwise. */
const mutations: readonly ((path: string, at: number) => string)[] = [
  (path) => `${path}/`,
  (path) => `${path}/x`,
  (path) => `/${path}`,
  (path) => path.replaceAll("/", "//"),
  (path) => path.replaceAll("/", "/./"),
  (path) => `/x/..${path}`,
  (path) => `/%2e%2E${path}`,
  (path) => `${path}/..`,
  (path) => `${path}/.`,
  (path) => `${path}/%2e`,
  (path, at) => insert(path, at, "%2f"),
  (path, at) => insert(path, at, "%5C"),
  (path, at) => insert(path, at, "\\"),
  (path, at) => insert(path, at, "%"),
  (path, at) => insert(path, at, "%4"),
  (path, at) => insert(path, at, ";v=1"),
  (path, at) => insert(path, at, '"<|>'),
  (path, at) => insert(path, at, "%%41"),
  (path, at) => insert(path, at, "%%30%30"),
  (path, at) => insert(path, at, "%C3%a9"),
  (path, at) => insert(path, at, "?"),
  (path) => path.toUpperCase(),
  (path, at) => encoded(path, at),
  (path, at) => encoded(path, at),
  (path, at) => encoded(encoded(path, at), at + 1),
];

/** Those of which Envoy makes nothing but an error. */
const mistakes: typeof mutations = [
  (path, at) => insert(path, at, "%00"),
  (path, at) => insert(path, at, "#"),
  (path, at) => insert(path, at, "\xe9"),
  (path, at) => insert(path, at, " "),
  (path) => path.slice(1),
];

function insert(path: string, at: number, text: string): string {
  if (path.length < 2) return path + text.trim();
  const index = 1 + (at % (path.length - 1));
  return path.slice(0, index) + text + path.slice(index);
}

/** With one character written as an escape. */
function encoded(path: string, at: number): string {
  const index = at % path.length;
  const code = path.charCodeAt(index).toString(16).padStart(2, "0");
  return `${path.slice(0, index)}%${at % 2 === 0 ? code : code.toUpperCase()}${path.slice(index + 1)}`;
}

const mutation = fc.record({
  how: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...mutations) },
    { weight: 1, arbitrary: fc.constantFrom(...mistakes) },
  ),
  at: fc.nat(20),
});

const path = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...paths) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...services), fc.constantFrom(...calls))
          .map((parts) => `/${parts.join("/")}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .string({ unit: fc.constantFrom(..."/ a . % 2 e f 5 C b ? & = ~ \\".split(" ")), maxLength: 12 })
          .map((text) => `/${text}`),
      },
    ),
    fc.oneof(
      { weight: 5, arbitrary: fc.constant([]) },
      { weight: 4, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
  )
  .map(([start, changes]) =>
    changes.reduce((current, { how, at }) => (current === "" ? "/" : how(current, at)), start),
  );

const parameter = fc
  .tuple(
    fc.constantFrom(...parameterNames, "Q", "%71"),
    fc.oneof(
      fc.constantFrom(...parameterValues).map(encodeURIComponent),
      fc.constantFrom("a+b", "a%20b", "%31", "1%2E5", "1.5", "", "%c3%A9", "1;a", "=", "a/../b", "//", "%2f"),
    ),
    fc.boolean(),
  )
  .map(([name, value, equals]) => (equals || value !== "" ? `${name}=${value}` : name));

const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 2, arbitrary: fc.array(parameter, { maxLength: 3 }).map((parameters) => `?${parameters.join("&")}`) },
);

const header: fc.Arbitrary<RequestHeader> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.constantFrom(...headerNames.filter((name) => name !== "host"), "X-A", "Version"),
      value: fc.constantFrom(...headerValues, bytesOf("é"), "", " 1\t", "V1", "\xe9", "3"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constantFrom("x_a", "proxy-status", "x-envoy-original-path", "te", "x-forwarded-for", "cookie"),
      value: fc.constantFrom("1", "8000/a.example.com", "/b"),
    }),
  },
);

/** A request with one is refused. */
const wrongHeader = fc.record({ name: fc.constantFrom("x a", "x@"), value: fc.constant("1") });

const grpcHeader = fc
  .constantFrom(
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web",
    "Application/grpc",
    "application/json",
  )
  .map((value) => [{ name: "content-type", value }]);

const preflight = fc.constant([
  { name: "Origin", value: "http://a.test" },
  { name: "Access-Control-Request-Method", value: "GET" },
]);

export const generatedRequest: fc.Arbitrary<GeneratedRequest> = fc
  .record({
    connection: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ scheme: "http" as const }) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom("a.example.com", "b.example.com", "x.a.example.com", "A.Example.com", "test.com", "other.org")
          .map((serverName) => ({ scheme: "https" as const, serverName })),
      },
    ),
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constant("GET") },
      { weight: 4, arbitrary: fc.constantFrom(...methods) },
      { weight: 1, arbitrary: fc.constantFrom("PATCH", "PURGE", "get", "FOO", "CONNECT", "M-SEARCH") },
    ),
    path,
    query,
    host,
    hosts: fc.oneof({ weight: 40, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(0, 2) }),
    headers: fc.oneof(
      { weight: 60, arbitrary: fc.array(header, { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.tuple(wrongHeader) },
    ),
    more: fc.oneof(
      { weight: 8, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: grpcHeader },
      { weight: 1, arbitrary: preflight },
    ),
  })
  .map(({ connection, method, path: asked, query: parameters, host: name, hosts: count, headers, more }) => ({
    ...connection,
    method,
    target: asked + parameters,
    headers: [...Array.from({ length: count }, () => ({ name: "Host", value: name })), ...headers, ...more],
  }));

/** As it goes over HTTP/1.1. */
export function requestBytes({ method, target, headers }: Pick<Request, "method" | "target" | "headers">): string {
  const lines = headers.map(({ name, value }) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
