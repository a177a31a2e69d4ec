import type { PathModifier, Rewrite } from "../../ir/rule.ts";
import type { HTTPPathModifier, HTTPURLRewriteFilter } from "../../resources/generated/gateway-api.ts";

/** Gateway API, HTTPPathModifier; `prefix` is the path prefix that the rule's match names. */
export function pathModifier(modifier: HTTPPathModifier, prefix: string): PathModifier {
  return modifier.type === "ReplacePrefixMatch"
    ? { type: "ReplacePrefixMatch", prefix, value: modifier.replacePrefixMatch ?? "/" }
    : { type: "ReplaceFullPath", value: modifier.replaceFullPath ?? "/" };
}

/** Gateway API, HTTPURLRewriteFilter. */
export function urlRewrite(filter: HTTPURLRewriteFilter, prefix: string): Rewrite {
  return {
    ...(filter.hostname === undefined ? {} : { hostname: filter.hostname }),
    ...(filter.path === undefined ? {} : { path: pathModifier(filter.path, prefix) }),
  };
}
