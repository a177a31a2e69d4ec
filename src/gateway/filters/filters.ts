import type { Reader } from "../../collections/collection.ts";
import type { Cors, ExternalAuth, HeaderModifier, Mirror, Rewrite } from "../../ir/rule.ts";
import type { HTTPRouteFilter } from "../../resources/generated/gateway-api.ts";

import type { FieldPath, Origin } from "../../resources/origin.ts";
import { type BackendContext, type BackendTarget, clusterName, type ResolvedBackend } from "../backend.ts";
import type { PolicyTarget } from "../policy-target.ts";

import type { Problem } from "../problem.ts";
import { resolveBackend } from "../resolve-backend.ts";
import type { Route } from "../route.ts";
import { cors } from "./cors.ts";
import { externalAuth } from "./external-auth.ts";
import { combine, headerModifier } from "./header-modifier.ts";
import { type Redirect, redirect } from "./redirect.ts";
import { mirrorFraction } from "./request-mirror.ts";
import { urlRewrite } from "./url-rewrite.ts";

/** All filters of a rule or of a backend, together. */
export interface CompiledFilters {
  readonly requestHeaders?: HeaderModifier;
  readonly responseHeaders?: HeaderModifier;
  readonly redirect?: Redirect;
  readonly rewrite?: Rewrite;
  readonly cors?: Cors;
  readonly externalAuth?: ExternalAuth;
  /** Who should authorize requests can't be asked, so none may go on. */
  readonly nobodyAuthorizes?: true;
  readonly mirrors: readonly Mirror[];
  readonly targets: readonly BackendTarget[];
  readonly uses: readonly PolicyTarget[];
  readonly problems: readonly Problem[];
  /** Filters that can't be done; whoever asked for them must not be served without. */
  readonly refusals: readonly FilterRefusal[];
}

/** Why a filter can't be done, and which it is. */
export interface FilterRefusal {
  readonly message: string;
  readonly path: FieldPath;
}

const none: CompiledFilters = { mirrors: [], targets: [], uses: [], problems: [], refusals: [] };

/** Gateway API, HTTPRouteFilter and GRPCRouteFilter, which is a subset. `prefix` is the path prefix of the match. */
export function compileFilters(
  reader: Reader,
  context: BackendContext,
  route: Route,
  filters: readonly HTTPRouteFilter[],
  prefix: string,
  origin: Origin,
): CompiledFilters {
  return filters.reduce<CompiledFilters>((compiled, filter, index) => {
    const here: Origin = { ...origin, path: [...origin.path, "filters", index] };
    return add(reader, context, route, filter, prefix, here, compiled);
  }, none);
}

/** Filters that stand on one backend. Those that answer, copy or authorize a request come before a backend is chosen, so they are refused here. */
export function compileBackendFilters(
  reader: Reader,
  context: BackendContext,
  route: Route,
  filters: readonly HTTPRouteFilter[],
  prefix: string,
  origin: Origin,
): CompiledFilters {
  return filters.reduce<CompiledFilters>((compiled, filter, index) => {
    const here: Origin = { ...origin, path: [...origin.path, "filters", index] };
    return onlyOnRules.includes(filter.type)
      ? refuse(compiled, here, `filter ${filter.type} is not supported on a backendRef; put it on the rule`)
      : add(reader, context, route, filter, prefix, here, compiled);
  }, none);
}

const onlyOnRules: readonly string[] = ["RequestRedirect", "RequestMirror", "CORS", "ExternalAuth"];

function add(
  reader: Reader,
  context: BackendContext,
  route: Route,
  filter: HTTPRouteFilter,
  prefix: string,
  origin: Origin,
  compiled: CompiledFilters,
): CompiledFilters {
  if (filter.type === "RequestHeaderModifier" && filter.requestHeaderModifier !== undefined) {
    const requestHeaders = combine(compiled.requestHeaders, headerModifier(filter.requestHeaderModifier));
    return requestHeaders === undefined ? compiled : { ...compiled, requestHeaders };
  }
  if (filter.type === "ResponseHeaderModifier" && filter.responseHeaderModifier !== undefined) {
    const responseHeaders = combine(compiled.responseHeaders, headerModifier(filter.responseHeaderModifier));
    return responseHeaders === undefined ? compiled : { ...compiled, responseHeaders };
  }
  if (filter.type === "RequestRedirect" && filter.requestRedirect !== undefined) {
    return { ...compiled, redirect: redirect(filter.requestRedirect, prefix) };
  }
  if (filter.type === "URLRewrite" && filter.urlRewrite !== undefined) {
    return { ...compiled, rewrite: urlRewrite(filter.urlRewrite, prefix) };
  }
  if (filter.type === "CORS" && filter.cors !== undefined) return { ...compiled, cors: cors(filter.cors) };
  if (filter.type === "RequestMirror" && filter.requestMirror !== undefined) {
    const mirror = filter.requestMirror;
    const resolved = resolveBackend(reader, context, route.kind, route.reference.namespace, mirror.backendRef, origin);
    const used = usedBy(compiled, resolved);
    if (resolved.target === undefined) return { ...used, problems: [...compiled.problems, resolved.problem] };
    return {
      ...used,
      mirrors: [
        ...compiled.mirrors,
        { cluster: clusterName(resolved.target), fraction: mirrorFraction(mirror), origin },
      ],
      targets: [...compiled.targets, resolved.target],
    };
  }
  if (filter.type === "ExternalAuth" && filter.externalAuth !== undefined) {
    // Gateway API, HTTPRouteFilter: "Specifying the same filter multiple times is not supported unless explicitly indicated".
    if (compiled.externalAuth !== undefined || compiled.nobodyAuthorizes === true) {
      return refuse(compiled, origin, "filter ExternalAuth is there twice, and one alone can be asked");
    }
    const { backendRef, protocol } = filter.externalAuth;
    const spokenAs = protocol === "GRPC" ? "GRPCRoute" : route.kind;
    const { namespace } = route.reference;
    const resolved = resolveBackend(reader, context, route.kind, namespace, backendRef, origin, spokenAs);
    const used = usedBy(compiled, resolved);
    if (resolved.target === undefined) {
      return { ...used, nobodyAuthorizes: true, problems: [...compiled.problems, resolved.problem] };
    }
    return {
      ...used,
      externalAuth: externalAuth(filter.externalAuth, clusterName(resolved.target), origin),
      targets: [...compiled.targets, resolved.target],
    };
  }
  return refuse(compiled, origin, refusal(filter));
}

function refuse(compiled: CompiledFilters, { path }: Origin, message: string): CompiledFilters {
  return { ...compiled, refusals: [...compiled.refusals, { message, path }] };
}

/** With what was found out about the backend of a filter, whether it can be used or not. */
function usedBy(compiled: CompiledFilters, { use }: ResolvedBackend): CompiledFilters {
  return use === undefined ? compiled : { ...compiled, uses: [...compiled.uses, use] };
}

function refusal(filter: HTTPRouteFilter): string {
  if (filter.type === "ExtensionRef" && filter.extensionRef !== undefined) {
    const { group, kind, name } = filter.extensionRef;
    return `filter ExtensionRef names ${kind} ${name} of group "${group}", a kind that Gatewright does not know`;
  }
  return `filter ${filter.type} is not supported yet`;
}
