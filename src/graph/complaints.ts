import { sorted } from "../analyse/analysed.ts";
import { endsTls } from "../gateway/derive-routes.ts";
import type { Problem } from "../gateway/problem.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { Origin } from "../resources/origin.ts";
import type { Reason } from "./topology.ts";
import type { World } from "./world.ts";

/** Something that does not work, and where in the objects that is written. */
export interface Complaint extends Reason {
  readonly origin: Origin;
}

/** Everything that the semantics refuse, and references of which only the analyser speaks. */
export function complaints(world: World): readonly Complaint[] {
  return [
    ...ofGateways(world),
    ...ofListeners(world),
    ...ofRoutes(world),
    ...world.findings.filter(breaksReference).map(ofFinding),
  ];
}

export function ofFinding({ code, message, origin }: Finding & { readonly origin: Origin }): Complaint {
  return { reason: code, message, origin };
}

/** Fields that name what an object belongs to; whatever is found there is about that reference. */
const namesParent: ReadonlySet<unknown> = new Set([
  "parentRefs",
  "parentRef",
  "targetRefs",
  "targetRef",
  "gatewayClassName",
]);

function breaksReference(finding: Finding): finding is Finding & { readonly origin: Origin } {
  return namesParent.has(finding.origin?.path.findLast((step) => typeof step === "string"));
}

function ofGateways({ semantics, ...world }: World): readonly Complaint[] {
  const refused = sorted(semantics.refusals).map(([key, { reason, message }]): Complaint => {
    const [namespace = "", name = ""] = key.split("/");
    return {
      reason,
      message,
      origin: { resource: { group: gatewayGroup, kind: "Gateway", namespace, name }, path: [] },
    };
  });
  const certificates = sorted(semantics.clientCertificates).flatMap(([, { problem }]) => problem ?? []);
  const listenerSets = sorted(semantics.listenerSets).flatMap(
    ([, { object, refused: refusal }]): readonly Complaint[] => {
      if (refusal === undefined) return [];
      const { namespace = "default", name } = object.metadata;
      const resource = { group: gatewayGroup, kind: "ListenerSet", namespace, name };
      return [{ reason: refusal.reason, message: refusal.message, origin: { resource, path: ["spec", "parentRef"] } }];
    },
  );
  return [...refused, ...certificates.flatMap((problem) => ofProblem(world, problem)), ...listenerSets];
}

function ofListeners({ semantics, ...world }: World): readonly Complaint[] {
  return sorted(semantics.listeners).flatMap(([, { accepted, problems, origin }]) => [
    ...problems.flatMap((problem) => ofProblem(world, problem)),
    ...(accepted.status === "False" ? [{ reason: accepted.reason, message: accepted.message, origin }] : []),
  ]);
}

function ofRoutes({ semantics, ...world }: World): readonly Complaint[] {
  return sorted(semantics.attachments).flatMap(([key, attachment]) => {
    const { route, parents } = attachment;
    const compiled = semantics.compiled.get(key);
    const stream = semantics.streams.get(key);
    const refused = parents.flatMap(({ accepted, index }): readonly Complaint[] =>
      accepted.status === "True"
        ? []
        : [
            {
              reason: accepted.reason,
              message: accepted.message,
              origin: { resource: route.reference, path: parentPath(index, route.parentRefs.length) },
            },
          ],
    );
    const problems = [
      ...(compiled?.problems ?? []),
      ...(stream?.problems ?? []),
      ...(endsTls(attachment) ? (stream?.problemsOfTls ?? []) : []),
    ];
    const rules = (compiled?.refusals ?? []).map(
      ({ ruleIndex, message }): Complaint => ({
        reason: "UnsupportedValue",
        message: `${message}.`,
        origin: { resource: route.reference, path: ["spec", "rules", ruleIndex] },
      }),
    );
    const matches = (compiled?.dropped ?? []).map(
      ({ path, message }): Complaint => ({
        reason: "UnsupportedValue",
        message,
        origin: { resource: route.reference, path },
      }),
    );
    return [...refused, ...problems.flatMap((problem) => ofProblem(world, problem)), ...rules, ...matches];
  });
}

/** Where a route says that it belongs to a parent: one that it does not name is a default Gateway. */
export function parentPath(index: number, named: number): Origin["path"] {
  return index < named ? ["spec", "parentRefs", index] : ["spec", "useDefaultGateways"];
}

function ofProblem(
  { incomplete }: Pick<World, "incomplete">,
  { reason, message, origin, missing }: Problem,
): readonly Complaint[] {
  return missing !== undefined && incomplete.has(missing.kind) ? [] : [{ reason, message, origin }];
}
