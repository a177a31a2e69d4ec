import { parametersGroup, parametersKind } from "../gateway/parameters-reference.ts";
import { experimentalGroup, gatewayGroup, routeKinds } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { ReferenceGrant } from "../resources/generated/gateway-api.ts";
import { nearest } from "../resources/suggest.ts";
import { type Analysed, sorted } from "./analysed.ts";

interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** What refers to objects of other namespaces, and to what. */
const known: { readonly from: readonly GroupKind[]; readonly to: readonly GroupKind[] } = {
  from: [
    ...[...routeKinds, "Gateway", "ListenerSet"].map((kind) => ({ group: gatewayGroup, kind })),
    { group: experimentalGroup, kind: "XBackend" },
    { group: experimentalGroup, kind: "XTelemetryPolicy" },
    { group: parametersGroup, kind: parametersKind },
  ],
  to: [
    ...["Service", "Secret", "ConfigMap"].map((kind) => ({ group: "", kind })),
    { group: experimentalGroup, kind: "XBackend" },
  ],
};

/**
 * Entries of ReferenceGrants that allow nobody, by a slip of the pen: a kind with the group of another, or almost the name of
 * one. Kinds of others are their business.
 */
export function analyseReferenceGrants({ resources }: Analysed): readonly Finding[] {
  return sorted(resources.ReferenceGrant).flatMap(([, grant]) =>
    (["from", "to"] as const).flatMap((field) =>
      grant.spec[field].flatMap((entry, index) => slip(grant, field, index, entry)),
    ),
  );
}

function slip(
  { metadata }: ReferenceGrant,
  field: "from" | "to",
  index: number,
  { group, kind }: GroupKind,
): readonly Finding[] {
  if (known[field].some((each) => each.group === group && each.kind === kind)) return [];
  const name = nearest(
    kind,
    known[field].map((each) => each.kind),
  );
  const meant = known[field].find((each) => each.kind === name);
  if (meant === undefined) return [];
  const { namespace = "default", name: grantName } = metadata;
  const what = field === "from" ? "refers to anything of other namespaces" : "is referred to";
  return [
    {
      severity: "warning",
      code: "not-enforced",
      message: `spec.${field}[${index}] allows nothing: there is no kind ${kind} of group "${group}" that ${what}.`,
      remedy: `Did you mean group: "${meant.group}", kind: ${meant.kind}?`,
      origin: {
        resource: { group: gatewayGroup, kind: "ReferenceGrant", namespace, name: grantName },
        path: ["spec", field, index],
      },
    },
  ];
}
