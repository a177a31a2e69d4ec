import { parseEndpointsAnnotation } from "../gateway/endpoints.ts";
import { experimentalGroup } from "../gateway/route-kind.ts";
import { endpointsAnnotation } from "../resources/checks/own-keys.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { XBackend } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { findingOf, unenforcedFinding } from "./problem-finding.ts";

/** XBackends that can't be spoken to as they ask, say nowhere or wrongly where they are, or trust a network that nobody should. */
export function analyseXBackends(analysed: Analysed): readonly Finding[] {
  return sorted(analysed.resources.XBackend).flatMap(([key, object]) => {
    const read = analysed.semantics.xBackends.get(key);
    const refused = read?.problems.length === 0 ? read.refused : undefined;
    return [
      ...(read?.problems ?? []).map((problem) => findingOf(problem, analysed)),
      ...(refused === undefined
        ? []
        : [
            {
              severity: "error",
              code: codeOf(refused.reason),
              message: refused.message,
              origin: originOf(object, ["spec", "tls", "validation"]),
            } as const,
          ]),
      ...(read?.notEnforced ?? []).map((field) => unenforcedFinding(field, originOf(object, []).resource)),
      ...annotation(object),
      ...insecure(object),
      ...noEndpoints(analysed, key, object),
    ];
  });
}

function originOf({ metadata }: XBackend, path: Origin["path"]): Origin {
  const { namespace = "default", name } = metadata;
  return { resource: { group: experimentalGroup, kind: "XBackend", namespace, name }, path };
}

function annotation(object: XBackend): readonly Finding[] {
  const written = object.metadata.annotations?.[endpointsAnnotation];
  if (written === undefined) return [];
  const origin = originOf(object, ["metadata", "annotations", endpointsAnnotation]);
  if (object.spec.type !== "EndpointSelector") {
    const message = `The annotation ${endpointsAnnotation} has no effect: this XBackend is of type ${object.spec.type}.`;
    return [{ severity: "warning", code: "not-enforced", message, origin }];
  }
  const selector = unenforcedFinding(
    {
      path: ["spec", "endpointSelector"],
      because: `The annotation ${endpointsAnnotation} says where its endpoints are.`,
    },
    origin.resource,
  );
  const mistakes = parseEndpointsAnnotation(written).flatMap((entry): readonly Finding[] => {
    if (entry.problem !== undefined) {
      return [{ severity: "error", code: "invalid-endpoints", message: `${entry.problem}.`, origin }];
    }
    if (entry.portName === undefined) return [];
    const message = `An XBackend has one port, and no names: "${entry.portName}=" says nothing.`;
    return [{ severity: "error", code: "invalid-endpoints", message, origin }];
  });
  return object.metadata.uid === undefined ? mistakes : [selector, ...mistakes];
}

/** GEP-4894: "the lack of TLS for external hostnames should be considered insecure and a security risk". */
function insecure(object: XBackend): readonly Finding[] {
  const { externalHostname, tls, port } = object.spec;
  if (externalHostname === undefined || tls.mode !== "None") return [];
  return [
    {
      severity: "warning",
      code: "external-hostname-without-tls",
      message: `What goes to ${externalHostname.hostname}:${port.number} can be read and changed on its way, and nobody verifies who answers.`,
      remedy: `Set spec.tls: { mode: ServerOnly, validation: { hostname: ${externalHostname.hostname}, wellKnownCACertificates: System } }.`,
      origin: originOf(object, ["spec", "externalHostname"]),
    },
  ];
}

/** In a cluster, whose objects have a uid, Kubernetes finds them. */
function noEndpoints({ semantics }: Analysed, key: string, object: XBackend): readonly Finding[] {
  const { annotations, uid } = object.metadata;
  if (object.spec.type !== "EndpointSelector" || uid !== undefined) return [];
  if (annotations?.[endpointsAnnotation] !== undefined) return [];
  if ((semantics.ancestors.XBackend.get(key) ?? []).length === 0) return [];
  return [
    {
      severity: "warning",
      code: "no-endpoints",
      message: `XBackend ${key} selects pods, and there are none without a cluster, so its share of requests gets 503.`,
      remedy: `Add the annotation ${endpointsAnnotation}: "127.0.0.1:${object.spec.port.number}".`,
      origin: originOf(object, ["spec", "endpointSelector"]),
    },
  ];
}
