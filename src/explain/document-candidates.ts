import { type Explained, placeOf } from "./explained.ts";
import type { Candidate } from "./explanation.ts";

/** Documents with a mistake are not served as they stand, and may be what was meant. */
export function documentCandidates({ findings }: Explained): readonly Candidate[] {
  return findings.flatMap(({ severity, origin, location, message }): readonly Candidate[] => {
    if (severity !== "error" || origin === undefined || !mayAnswer.test(origin.resource.kind)) return [];
    const { kind, namespace, name } = origin.resource;
    return [
      {
        kind: "document",
        name: `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
        reason: "not-accepted",
        message: `has a mistake, so what is written there is not served: ${message}`,
        place: { ...placeOf({ locate: () => location }, origin) },
      },
    ];
  });
}

const mayAnswer = /^(Gateway|ListenerSet|GatewayClass|[A-Z]+Route)$/;
