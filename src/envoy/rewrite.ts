import type { PathModifier, Rewrite } from "../ir/rule.ts";
import type { RedirectActionSchema, RouteActionSchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { RegexMatchAndSubstituteSchema } from "./generated/envoy/type/matcher/v3/regex_pb.ts";
import { withoutTrailingSlash } from "./match.ts";
import type { Init } from "./message.ts";
import { quote } from "./regex.ts";

type Substitution = Init<typeof RegexMatchAndSubstituteSchema>;

/** The path as it goes to the backend, and its Host. The Host that the client asked for stays known as X-Forwarded-Host. */
export function rewriteAction(rewrite: Rewrite): Init<typeof RouteActionSchema> {
  return {
    ...(rewrite.path && rewritePath(rewrite.path)),
    ...(rewrite.hostname !== undefined && {
      hostRewriteSpecifier: { case: "hostRewriteLiteral", value: rewrite.hostname },
      appendXForwardedHost: true,
    }),
  };
}

function rewritePath(modifier: PathModifier): Init<typeof RouteActionSchema> {
  const rewritten = replacement(modifier);
  if (rewritten === undefined) return {};
  return typeof rewritten === "string" ? { prefixRewrite: rewritten } : { regexRewrite: rewritten };
}

/** The path of a redirect's Location. The query stays. */
export function redirectPath(
  modifier: PathModifier,
): NonNullable<Init<typeof RedirectActionSchema>["pathRewriteSpecifier"]> {
  if (modifier.type === "ReplaceFullPath") return { case: "pathRedirect", value: fullPath(modifier.value) };
  const rewritten = replacement(modifier);
  if (rewritten === undefined) return { case: undefined };
  return typeof rewritten === "string"
    ? { case: "prefixRewrite", value: rewritten }
    : { case: "regexRewrite", value: rewritten };
}

/**
 * What replaces the matched prefix (a string), what is substituted in the path without its query, or nothing.
 *
 * Gateway API, HTTPPathModifier.replacePrefixMatch: whole elements are replaced and a trailing "/" of either means nothing,
 * so that `/foo` → `` makes `/foo/bar` `/bar` and `/foo` `/`. Envoy's prefix rewrite would make that last one empty.
 */
function replacement(modifier: PathModifier): string | Substitution | undefined {
  if (modifier.type === "ReplaceFullPath") return substitution("^/.*$", fullPath(modifier.value));
  const prefix = withoutTrailingSlash(modifier.prefix);
  const value = withoutTrailingSlash(modifier.value);
  if (prefix === "") return value === "" ? undefined : `${value}/`;
  return value === "" ? substitution(`^${quote(prefix)}/*`, "/") : value;
}

function fullPath(value: string): string {
  return value === "" ? "/" : value;
}

function substitution(regex: string, value: string): Substitution {
  return { pattern: { regex }, substitution: value.replaceAll("\\", "\\\\") };
}
