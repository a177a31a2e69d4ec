import { namedParent } from "../gateway/listener-parent.ts";
import { type Route, routeOf } from "../gateway/route.ts";
import { gatewayGroup, type RouteKind, routeKinds } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { ParentReference } from "../resources/generated/gateway-api.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { refusedParents, unservedHostnames } from "./attachments.ts";
import { uselessWeights, withPort } from "./backend-refs.ts";
import { didYouMeanObject, findingOf, unenforcedFinding } from "./problem-finding.ts";

/** Routes that attach nowhere, or send to what they may not. */
export function analyseRoutes(analysed: Analysed): readonly Finding[] {
  return routeKinds.flatMap((kind) =>
    sorted<Parameters<typeof routeOf>[2]>(analysed.resources[kind]).flatMap(([key, object]) => [
      ...analyseRoute(analysed, object, routeOf(kind, key, object)),
      ...uselessWeights(analysed, kind, key),
    ]),
  );
}

function analyseRoute(analysed: Analysed, object: KubernetesObject, route: Route): readonly Finding[] {
  const { semantics } = analysed;
  const attachment = semantics.attachments.get(route.key);
  const meaning = semantics.compiled.get(route.key) ?? semantics.streams.get(route.key);
  return [
    ...route.parentRefs.flatMap((parentRef, index) => missingParent(analysed, route, parentRef, index)),
    ...(attachment === undefined ? [] : refusedParents(analysed, object, attachment)),
    ...(attachment === undefined ? [] : unservedHostnames(attachment)),
    ...(meaning?.problems ?? []).map((problem) => withPort(findingOf(problem, analysed), analysed)),
    ...(meaning?.notEnforced ?? []).map((field) => unenforcedFinding(field, route.reference)),
    ...refusedRules(analysed, route),
  ];
}

function missingParent(
  analysed: Analysed,
  route: Route,
  parentRef: ParentReference,
  index: number,
): readonly Finding[] {
  const origin = { resource: route.reference, path: ["spec", "parentRefs", index] };
  const parent = namedParent(parentRef, route.reference.namespace);
  if (parent === undefined) {
    return [
      {
        severity: "warning",
        code: "parent-not-served",
        message: `A parent of kind ${parentRef.kind} is not served yet; this ${route.kind} has no effect there.`,
        origin,
      },
    ];
  }
  const { kind, key } = parent;
  if (analysed.resources[kind].get(key) !== undefined) return [];
  const [namespace = "", name = ""] = key.split("/");
  const remedy = didYouMeanObject({ group: gatewayGroup, kind, namespace, name }, analysed);
  const code = kind === "Gateway" ? "gateway-not-found" : "listener-set-not-found";
  return [
    {
      severity: "warning",
      code,
      message: `There is no ${kind} ${key}.`,
      ...(remedy !== undefined && { remedy }),
      origin,
    },
  ];
}

function refusedRules({ semantics }: Analysed, route: Route): readonly Finding[] {
  const kind: RouteKind = route.kind;
  return (semantics.compiled.get(route.key)?.refusals ?? []).map(({ ruleIndex, message, path, wholeRule }) => ({
    severity: "error",
    code: "not-supported",
    message: `${wholeRule ? "Rule" : "A share of rule"} ${ruleIndex} of this ${kind} is answered with 500: ${message}.`,
    origin: { resource: route.reference, path },
  }));
}
