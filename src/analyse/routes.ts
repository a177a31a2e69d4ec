import type { RouteAttachment } from "../gateway/derive-routes.ts";
import { namedParent } from "../gateway/listener-parent.ts";
import { type Route, routeOf } from "../gateway/route.ts";
import { type RouteKind, routeKinds } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { ParentReference } from "../resources/generated/gateway-api.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { findingOf, unenforcedFinding } from "./problem-finding.ts";

/** Routes that attach nowhere, or send to what they may not. */
export function analyseRoutes(analysed: Analysed): readonly Finding[] {
  return routeKinds.flatMap((kind) =>
    sorted<Parameters<typeof routeOf>[2]>(analysed.resources[kind]).flatMap(([key, object]) =>
      analyseRoute(analysed, routeOf(kind, key, object)),
    ),
  );
}

function analyseRoute(analysed: Analysed, route: Route): readonly Finding[] {
  const { semantics } = analysed;
  const attachment = semantics.attachments.get(route.key);
  const meaning = semantics.compiled.get(route.key) ?? semantics.streams.get(route.key);
  return [
    ...route.parentRefs.flatMap((parentRef, index) => missingParent(analysed, route, parentRef, index)),
    ...(attachment === undefined ? [] : refusedParents(analysed, attachment)),
    ...(meaning?.problems ?? []).map(findingOf),
    ...(meaning?.notEnforced ?? []).map((field) => unenforcedFinding(field, route.reference)),
    ...refusedRules(analysed, route),
  ];
}

function missingParent(
  { resources }: Analysed,
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
  if (resources[kind].get(key) !== undefined) return [];
  const code = kind === "Gateway" ? "gateway-not-found" : "listener-set-not-found";
  return [{ severity: "warning", code, message: `There is no ${kind} ${key}.`, origin }];
}

function refusedParents({ resources }: Analysed, { route, parents }: RouteAttachment): readonly Finding[] {
  return parents.flatMap(({ accepted, index }): readonly Finding[] => {
    if (accepted.status === "True" || accepted.reason === "UnsupportedValue") return [];
    // A selector reads the labels of the Namespace, which may be among the documents that are not here.
    const perhaps =
      accepted.reason === "NotAllowedByListeners" &&
      resources.Namespace.get(route.reference.namespace) === undefined &&
      accepted.message.includes("the selector reads");
    return [
      {
        severity: perhaps ? "warning" : "error",
        code: codeOf(accepted.reason),
        message: accepted.message,
        origin: {
          resource: route.reference,
          path: index < route.parentRefs.length ? ["spec", "parentRefs", index] : ["spec", "useDefaultGateways"],
        },
        ...(perhaps
          ? {
              remedy: `There is no Namespace ${route.reference.namespace} among the documents; add it with its labels.`,
            }
          : {}),
      },
    ];
  });
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
