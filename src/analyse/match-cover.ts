import { RE2JS } from "re2js";
import type { PathMatch, RequestMatch, Rule, ValueMatch } from "../ir/rule.ts";

/**
 * Whether every request that `inner` matches is one that `outer` matches. Of regular expressions only what is certain: equal
 * ones, those that match everything, and those that match an exact value.
 *
 * @example coversMatch({ path: prefix("/a"), … }, { path: exact("/a/b"), … })  // true
 */
export function coversMatch(outer: RequestMatch, inner: Rule["match"]): boolean {
  return (
    coversPath(outer.path, inner.path) &&
    (outer.method === undefined || outer.method === inner.method) &&
    (outer.grpc !== true || inner.grpc === true) &&
    coverValues(outer.headers, inner.headers) &&
    coverValues(outer.queryParams, inner.queryParams)
  );
}

function coversPath(outer: PathMatch, inner: PathMatch): boolean {
  if (outer.type === inner.type && outer.value === inner.value) return true;
  switch (outer.type) {
    case "Exact":
      return false;
    case "PathPrefix": {
      const prefix = outer.value.replace(/\/+$/, "");
      if (prefix === "") return true;
      return inner.type !== "RegularExpression" && (inner.value === prefix || inner.value.startsWith(`${prefix}/`));
    }
    case "RegularExpression":
      return (
        /^\^?\/?\.\*\$?$/.test(outer.value) || (inner.type === "Exact" && matchesExpression(outer.value, inner.value))
      );
  }
}

function coverValues(outer: readonly ValueMatch[], inner: readonly ValueMatch[]): boolean {
  return outer.every((wanted) => {
    const given = inner.find(({ name }) => name === wanted.name);
    if (given === undefined) return false;
    if (given.type === wanted.type && given.value === wanted.value) return true;
    return (
      wanted.type === "RegularExpression" && given.type === "Exact" && matchesExpression(wanted.value, given.value)
    );
  });
}

/** Whether an RE2 expression matches all of a value. */
export function matchesExpression(expression: string, value: string): boolean {
  try {
    return RE2JS.compile(expression).matches(value);
  } catch {
    return false;
  }
}
