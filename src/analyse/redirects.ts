import { defaultOptions } from "../envoy/options.ts";
import { type Decision, decide } from "../explain/decide.ts";
import { parseQuestion, RequestError, type RequestText } from "../explain/parse-request.ts";
import { isRequest, type Question, textOf } from "../explain/request.ts";
import { type HostTable, hostTableKey } from "../ir/host-table.ts";
import type { HttpChain, Listener } from "../ir/listener.ts";
import type { RedirectAction, Rule } from "../ir/rule.ts";
import type { Finding } from "../resources/finding.ts";
import type { Change, Fix } from "../resources/fix.ts";
import { type FieldPath, formatPath, formatReference, type Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { matchesExpression } from "./match-cover.ts";

/** As many redirects as a browser follows before it gives up is more than are needed to see a circle. */
const mostHops = 12;

interface Served extends Analysed {
  readonly sockets: readonly Listener[];
  /** The socket whose requests come to the tables of an HTTP chain, by proxy and chain. */
  readonly homes: ReadonlyMap<string, Home>;
}

interface Home {
  readonly listener: Listener;
  readonly chain: HttpChain;
}

interface RedirectRule extends Rule {
  readonly action: RedirectAction;
}

/**
 * Redirects that lead a client back to themselves, or to a port that speaks something else: each is followed as a client would,
 * by what `explain` says of each request on the way. A redirect to a place that none of the listeners is at leads elsewhere.
 */
export function analyseRedirects(analysed: Analysed): readonly Finding[] {
  const sockets = sorted(analysed.semantics.sockets).map(([, listener]) => listener);
  const served: Served = { ...analysed, sockets, homes: homesOf(sockets) };
  const found = new Map<string, Finding>();
  for (const [, table] of sorted(analysed.semantics.hostTables)) {
    for (const rule of table.rules) {
      const finding = isRedirect(rule) ? followAll(served, table, rule) : undefined;
      if (finding?.origin === undefined) continue;
      const key = `${formatReference(finding.origin.resource)} ${formatPath(finding.origin.path)} ${finding.code}`;
      if (!found.has(key)) found.set(key, finding);
    }
  }
  return [...found.values()];
}

/** By chain, for there are as many tables as chains, and more. A UDP listener of the same port has a chain of the same name. */
function homesOf(sockets: readonly Listener[]): ReadonlyMap<string, Home> {
  const homes = new Map<string, Home>();
  for (const listener of sockets) {
    for (const chain of listener.chains) {
      const key = `${listener.proxy}|${chain.name}`;
      if (chain.kind === "http" && !homes.has(key)) homes.set(key, { listener, chain });
    }
  }
  return homes;
}

function homeOf({ homes }: Served, { proxy, chain }: HostTable): Home | undefined {
  return homes.get(`${proxy}|${chain}`);
}

function isRedirect(rule: Rule): rule is RedirectRule {
  return rule.action.kind === "redirect";
}

function followAll(served: Served, table: HostTable, rule: RedirectRule): Finding | undefined {
  for (const request of samples(served, table, rule)) {
    const finding = follow(served, homeOf(served, table)?.listener, rule, request);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** Requests that the rule matches: the least that its match asks for, and something below its prefix. */
function samples(served: Served, table: HostTable, { match, action }: RedirectRule): readonly RequestText[] {
  const home = homeOf(served, table);
  if (home === undefined) return [];
  const { listener, chain } = home;
  const values = [...match.headers, ...match.queryParams];
  // Half of a surrogate pair is no text that a URL could hold.
  if (values.some((one) => one.type === "RegularExpression" || /\p{Surrogate}/u.test(one.name + one.value))) return [];
  const scheme = chain.tls === undefined ? "http" : "https";
  const host = table.hostname === "*" ? "any.invalid" : table.hostname.replace("*", "any");
  const query = match.queryParams.map(
    (param) => `${encodeURIComponent(param.name)}=${encodeURIComponent(param.value)}`,
  );
  // Where the path is kept, or is always the same, one request stands for all.
  const paths = action.path?.type === "ReplacePrefixMatch" ? samplePaths(match) : samplePaths(match).slice(0, 1);
  return paths.map((path) => ({
    method: match.method ?? (match.grpc === true ? "POST" : "GET"),
    url: `${scheme}://${host}:${listener.port}${path}${query.length === 0 ? "" : `?${query.join("&")}`}`,
    headers: match.headers.map((header) => `${header.name}: ${header.value}`),
  }));
}

function samplePaths({ path: { type, value } }: Rule["match"]): readonly string[] {
  switch (type) {
    case "Exact":
      return [value];
    case "PathPrefix":
      return [value, `${value.replace(/\/$/, "")}/any`];
    case "RegularExpression": {
      const literal = value.replaceAll(/\\(.)|[$()*+.?[\]^{|}]/g, "$1");
      return ["/", `/${literal}`.replace("//", "/")].filter((path) => matchesExpression(value, path));
    }
  }
}

interface Hop {
  readonly url: string;
  readonly decision: Decision;
}

function follow(
  served: Served,
  home: Listener | undefined,
  rule: RedirectRule,
  start: RequestText,
): Finding | undefined {
  const hops: Hop[] = [];
  let url = start.url;
  while (hops.length < mostHops && !hops.some((hop) => hop.url === url)) {
    const decision = ask(served, home, { ...start, url });
    if (decision === undefined || isElsewhere(decision, hops[0], url)) break;
    hops.push({ url, decision });
    if (decision.kind !== "rule" || decision.outcome.kind !== "redirect") break;
    // Another rule has this request, though this one matches it.
    if (hops.length === 1 && !isSameRule(decision.rule, rule)) return undefined;
    url = withPort(textOf(decision.outcome.location));
  }
  const [first, second] = hops;
  if (first === undefined || first.decision.kind !== "rule") return undefined;
  const again = hops.findIndex((hop) => hop.url === url);
  const circle = again === -1 && hops.length < mostHops ? [] : hops.slice(again === -1 ? 1 : again);
  const isInside = circle.some(({ decision }) => decision.kind === "rule" && isSameRule(decision.rule, rule));
  if (isInside) return loop(served, home, rule, start, [...hops.map((hop) => hop.url), url]);
  const target = url === first.url ? undefined : (second?.url ?? url);
  return target === undefined ? undefined : wrongPort(served, rule, target, second?.decision);
}

/** A host that no listener or route names may be anybody's, though a request for it would be answered here. */
function isElsewhere(decision: Decision, first: Hop | undefined, url: string): boolean {
  if (first === undefined || hostOf(first.url) === hostOf(url)) return false;
  return !("table" in decision) || decision.table === undefined || decision.table.hostname === "*";
}

function hostOf(url: string): string | undefined {
  return /^https?:\/\/(\[[^\]]*\]|[^/:?#]*)/.exec(url)?.[1];
}

/** What becomes of a request, if a listener is there to take it; first one that clients reach as they do `home`. Undefined if it leads elsewhere. */
function ask({ semantics, sockets }: Served, home: Listener | undefined, text: RequestText): Decision | undefined {
  const request = questionOf(text);
  if (request === undefined || !isRequest(request)) return undefined;
  const listeners = sockets.filter(({ port, transport }) => port === request.port && transport === "TCP");
  const listener = listeners.find((one) => one.proxy === home?.proxy && one.gateway === home.gateway) ?? listeners[0];
  if (listener === undefined) return undefined;
  return decide(listener, request, {
    options: defaultOptions,
    table: (chain, hostname) => semantics.hostTables.get(hostTableKey({ proxy: listener.proxy, chain, hostname })),
  });
}

/** Undefined of a Location that is no URL. */
function questionOf(text: RequestText): Question | undefined {
  try {
    return parseQuestion(text);
  } catch (error) {
    if (error instanceof RequestError) return undefined;
    throw error;
  }
}

/** With the port that its scheme implies, so that equal URLs are equal texts. */
function withPort(location: string): string {
  return location.replace(
    /^(https?):\/\/([^/:]+|\[[^\]]*\])(?=[/?#]|$)/,
    (_, scheme: string, host: string) => `${scheme}://${host}:${scheme === "https" ? 443 : 80}`,
  );
}

function plain(url: string): string {
  return url.replace(/^(http:\/\/[^/]*):80(?=\/|$)/, "$1").replace(/^(https:\/\/[^/]*):443(?=\/|$)/, "$1");
}

function loop(
  served: Served,
  home: Listener | undefined,
  rule: RedirectRule,
  start: RequestText,
  urls: readonly string[],
): Finding {
  const filter = filterOf(served, rule.origin);
  const shown = urls.length > 4 ? [...urls.slice(0, 3).map(plain), "…"] : urls.map(plain);
  const chain = shown.join(" → ");
  const secure = start.url.replace(/^http:\/\/([^/]*):\d+/, "https://$1:443");
  const leadsOn =
    urls.every((url) => url.startsWith("http:")) &&
    rule.action.scheme === undefined &&
    leavesRule(ask(served, home, { ...start, url: secure }), rule);
  if (leadsOn) {
    return withoutScheme(
      rule,
      filter,
      `The redirect names no scheme, so it keeps http and leads back to itself: ${chain}.`,
    );
  }
  const fix = rule.action.scheme === "https" ? toHttpListener(served, rule.origin) : undefined;
  return {
    severity: "error",
    code: "redirect-loop",
    message: `The redirect leads back to itself: ${chain}.`,
    remedy:
      rule.action.scheme === "https"
        ? "Attach the route to the HTTP listener alone: name it in parentRefs[].sectionName."
        : "Lead to another host, port or path, or match less.",
    origin: { ...rule.origin, path: filter },
    ...(fix !== undefined && { fix }),
  };
}

/** A route that does nothing but redirect belongs to the one HTTP listener of its parent; undefined where that is not clear. */
function toHttpListener({ resources, semantics }: Served, { resource }: Origin): Fix | undefined {
  const route = resources.HTTPRoute.get(`${resource.namespace}/${resource.name}`);
  const [parent, ...others] =
    semantics.attachments.get(`HTTPRoute/${resource.namespace}/${resource.name}`)?.parents ?? [];
  const onlyRedirects = (route?.spec.rules ?? []).every(({ filters = [] }) =>
    filters.some(({ requestRedirect }) => requestRedirect?.scheme === "https"),
  );
  if (!onlyRedirects || parent === undefined || others.length > 0 || route?.spec.parentRefs?.length !== 1)
    return undefined;
  if (parent.parentRef.sectionName !== undefined || parent.parentRef.port !== undefined) return undefined;
  const [http, ...more] = parent.listeners.filter(({ point }) => point.protocol === "HTTP");
  if (http === undefined || more.length > 0) return undefined;
  const path: FieldPath = ["spec", "parentRefs", 0, "sectionName"];
  return { resource, changes: [{ kind: "set", path, value: http.point.name }] };
}

/** A rule stands in the tables of all its hostnames and listeners. */
function isSameRule(left: Rule, right: Rule): boolean {
  return (
    formatReference(left.origin.resource) === formatReference(right.origin.resource) &&
    formatPath(left.origin.path) === formatPath(right.origin.path)
  );
}

/** Whether a listener takes the request, and the rule itself does not have it there, too. */
function leavesRule(decision: Decision | undefined, rule: Rule): boolean {
  if (decision === undefined || decision.kind === "closed") return false;
  return decision.kind !== "rule" || !isSameRule(decision.rule, rule);
}

function withoutScheme({ origin }: Rule, filter: FieldPath, message: string): Finding {
  const path: FieldPath = [...filter, "requestRedirect"];
  const change: Change = { kind: "set", path: [...path, "scheme"], value: "https" };
  return {
    severity: "error",
    code: "redirect-without-scheme",
    message,
    remedy: "Add scheme: https.",
    origin: { ...origin, path },
    fix: { resource: origin.resource, changes: [change] },
  };
}

function wrongPort(
  served: Served,
  rule: RedirectRule,
  target: string,
  decision: Decision | undefined,
): Finding | undefined {
  const [, scheme = "", port = ""] = /^(https?):\/\/(?:[^/:]+|\[[^\]]*\]):(\d+)/.exec(target) ?? [];
  const speaksOther = decision?.kind === "closed" && decision.choice.kind === "wrong-protocol";
  const takesTls = decision?.kind === "closed" && decision.choice.kind === "no-chain" && scheme === "http";
  const isOthers = port === (scheme === "https" ? "80" : "443");
  if (scheme === "" || !(speaksOther || takesTls || (isOthers && decision === undefined))) return undefined;
  const filter = filterOf(served, rule.origin);
  const other = scheme === "https" ? "plain HTTP" : "HTTPS";
  const message = `The redirect leads to ${plain(target)}, and port ${port} speaks ${other}.`;
  if (rule.action.scheme === undefined && scheme === "http") {
    return withoutScheme(rule, filter, `${message} It names no scheme, so it keeps http.`);
  }
  const path: FieldPath = [...filter, "requestRedirect", "port"];
  const { resource } = rule.origin;
  const named = rule.action.port !== undefined && rule.action.scheme !== undefined;
  return {
    severity: "warning",
    code: "redirect-to-wrong-port",
    message,
    remedy: named
      ? `Remove port: it is ${scheme === "https" ? 443 : 80} by default.`
      : "Name the scheme and port that are meant.",
    origin: { resource, path: named ? path : path.slice(0, -1) },
    ...(named && { fix: { resource, changes: [{ kind: "remove", path }] } }),
  };
}

/** The filter that redirects, of the rule that a match belongs to. */
function filterOf({ resources }: Served, { resource, path }: Origin): FieldPath {
  const [spec, rules, index] = path;
  const route = resources.HTTPRoute.get(`${resource.namespace}/${resource.name}`);
  const filters = route?.spec.rules?.[Number(index)]?.filters ?? [];
  const filter = filters.findIndex(({ type }) => type === "RequestRedirect");
  return [spec ?? "spec", rules ?? "rules", Number(index), "filters", Math.max(0, filter)];
}
