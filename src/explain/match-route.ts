import { RE2JS } from "re2js";
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch,
} from "../envoy/generated/envoy/config/route/v3/route_components_pb.ts";
import type { StringMatcher } from "../envoy/generated/envoy/type/matcher/v3/string_pb.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { bytesOf, textOf } from "./request.ts";

/** A part of a match that does not hold, and why not, with the request as "it". */
export interface Mismatch {
  readonly part: "path" | "method" | "header" | "query parameter" | "content type";
  readonly message: string;
}

/** Why a route of Envoy's does not match a request; nothing where it does. Chances (`runtime_fraction`) are not looked at. */
export function mismatches(match: RouteMatch, request: ReceivedRequest): readonly Mismatch[] {
  return [
    ...pathMismatch(match.pathSpecifier, request),
    ...match.headers.flatMap((header) => headerMismatch(header, request)),
    ...match.queryParameters.flatMap((parameter) => queryMismatch(parameter, request)),
    ...(match.grpc === undefined || request.grpc
      ? []
      : [{ part: "content type", message: "it is no gRPC call: its content-type is not application/grpc" } as const]),
  ];
}

/** Whether the whole text matches. Envoy's RE2 compares bytes, not characters: "é" is two of them. */
export function matchesWhole(expression: string, text: string): boolean {
  return RE2JS.compile(bytesOf(expression)).matches(text);
}

function pathMismatch(specifier: RouteMatch["pathSpecifier"], { path }: ReceivedRequest): readonly Mismatch[] {
  const mismatch = (wanted: string): readonly Mismatch[] => [
    { part: "path", message: `its path is ${textOf(path)}, not ${wanted}` },
  ];
  switch (specifier.case) {
    case "path":
      return path === bytesOf(specifier.value) ? [] : mismatch(`exactly ${specifier.value}`);
    case "prefix":
      return path.startsWith(bytesOf(specifier.value)) ? [] : mismatch(`below ${specifier.value}`);
    case "pathSeparatedPrefix": {
      const prefix = bytesOf(specifier.value);
      return path === prefix || path.startsWith(`${prefix}/`) ? [] : mismatch(`at or below ${specifier.value}`);
    }
    case "safeRegex":
      return matchesWhole(specifier.value.regex, path)
        ? []
        : mismatch(`one that ${specifier.value.regex} matches whole`);
    default:
      return mismatch("one that this rule could match");
  }
}

function headerMismatch(header: HeaderMatcher, request: ReceivedRequest): readonly Mismatch[] {
  if (header.headerMatchSpecifier.case !== "stringMatch") return [];
  const matcher = header.headerMatchSpecifier.value;
  if (header.name === ":method") {
    return matchesText(matcher, request.method)
      ? []
      : [{ part: "method", message: `its method is ${request.method}, not ${wantedText(matcher)}` }];
  }
  const host = header.name === ":authority";
  const values = host ? [request.authority] : (request.headers.get(header.name) ?? []);
  if (values.some((value) => matchesText(matcher, value))) return [];
  const name = host ? "Host" : header.name;
  const found = values.map((value) => JSON.stringify(textOf(value))).join(" and ");
  return [
    {
      part: "header",
      message:
        values.length === 0
          ? `it has no header ${name}, which must be ${wantedText(matcher)}`
          : `its header ${name} is ${found}, not ${wantedText(matcher)}`,
    },
  ];
}

function queryMismatch(
  { name, queryParameterMatchSpecifier: specifier }: QueryParameterMatcher,
  { query }: ReceivedRequest,
): readonly Mismatch[] {
  if (specifier.case !== "stringMatch") return [];
  const value = firstParameter(query, bytesOf(name));
  if (value !== undefined && matchesText(specifier.value, value)) return [];
  return [
    {
      part: "query parameter",
      message:
        value === undefined
          ? `it has no query parameter ${name}, which must be ${wantedText(specifier.value)}`
          : `its query parameter ${name} is ${JSON.stringify(textOf(value))}, not ${wantedText(specifier.value)}`,
    },
  ];
}

/** Names and values as they are written in the URL; of several of one name, the first. */
function firstParameter(query: string, name: string): string | undefined {
  const parameters = query.slice(1).split("&");
  for (const parameter of parameters) {
    const end = parameter.indexOf("=");
    if ((end === -1 ? parameter : parameter.slice(0, end)) === name) return end === -1 ? "" : parameter.slice(end + 1);
  }
  return undefined;
}

function matchesText({ matchPattern }: StringMatcher, text: string): boolean {
  if (matchPattern.case === "exact") return bytesOf(matchPattern.value) === text;
  return matchPattern.case === "safeRegex" && matchesWhole(matchPattern.value.regex, text);
}

function wantedText({ matchPattern }: StringMatcher): string {
  if (matchPattern.case === "exact") return JSON.stringify(matchPattern.value);
  return matchPattern.case === "safeRegex" ? `what ${matchPattern.value.regex} matches whole` : "anything";
}
