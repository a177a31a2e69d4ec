import { field, list, text } from "../resources/field.ts";

/** More matches than this are counted. */
const mostMatches = 3;

/**
 * A rule in a few lines: what it matches, and what its filters do.
 *
 * @example ["GET /api/*", "RequestRedirect scheme=https statusCode=301"]
 */
export function describeRule(rule: unknown): readonly string[] {
  const matches = list(field(rule, "matches")).map(describeMatch);
  const shown = matches.length > mostMatches ? matches.slice(0, mostMatches - 1) : matches;
  const rest = matches.length - shown.length;
  return [
    ...shown,
    ...(rest === 0 ? [] : [`and ${rest} more matches`]),
    ...list(field(rule, "filters")).map(describeFilter),
  ];
}

function describeMatch(match: unknown): string {
  const method = field(match, "method");
  const words = [
    ...(typeof method === "string" ? [method] : typeof method === "object" ? [describeGrpcMethod(method)] : []),
    ...pathOf(field(match, "path")),
    ...list(field(match, "headers")).map((header) => `${text(field(header, "name"))}${comparison(header)}`),
    ...list(field(match, "queryParams")).map(
      (parameter) => `?${text(field(parameter, "name"))}${comparison(parameter)}`,
    ),
  ];
  return words.join(" ") || "every request";
}

function describeGrpcMethod(method: unknown): string {
  const name = `${text(field(method, "service")) || "*"}/${text(field(method, "method")) || "*"}`;
  return isRegularExpression(method) ? `~ ${name}` : name;
}

/** @example pathOf({ type: "PathPrefix", value: "/api" })  // ["/api/*"] */
function pathOf(path: unknown): readonly string[] {
  const value = text(field(path, "value"));
  if (value === "") return [];
  if (isRegularExpression(path)) return [`~ ${value}`];
  return [text(field(path, "type")) === "Exact" ? value : `${value.replace(/\/$/, "")}/*`];
}

function comparison(match: unknown): string {
  return `${isRegularExpression(match) ? " ~ " : "="}${text(field(match, "value"))}`;
}

function isRegularExpression(match: unknown): boolean {
  return field(match, "type") === "RegularExpression";
}

/** A filter's type, and what it is set to. References are edges, and not told again. */
function describeFilter(filter: unknown): string {
  const type = text(field(filter, "type"));
  const settings = Object.entries(typeof filter === "object" && filter !== null ? filter : {})
    .filter(([name]) => name !== "type")
    .flatMap(([, value]) => scalars(value, ""));
  return [type, ...settings].join(" ");
}

function scalars(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => scalars(each, name));
  if (typeof value !== "object" || value === null) return [name === "" ? text(value) : `${name}=${text(value)}`];
  const named = text(field(value, "name"));
  if (named !== "" && "value" in value) return [`${name} ${named}=${text(value.value)}`.trim()];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "backendRef" || key === "type" ? [] : scalars(inner, key),
  );
}
