import type { Reader } from "../collections/collection.ts";
import { extraBootstrapProblem } from "../envoy/bootstrap.ts";
import type { Resources } from "../gateway/inputs.ts";
import { namesParameters, parametersGroup, parametersKind } from "../gateway/parameters-reference.ts";
import type { Gateway, GatewayClass } from "../resources/generated/gateway-api.ts";
import type { GatewayParametersSpec } from "../resources/generated/gatewright-api.ts";
import { accessLogProblem } from "./access-logs.ts";
import { contradiction, defaultParameters, merged, notForGateways, type ProxyParameters } from "./proxy-parameters.ts";

/** Parameters, or what is wrong with them in words. */
export type Parameters = { readonly parameters: ProxyParameters } | { readonly problem: string };

interface Reference {
  readonly field: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Gateway API, GatewayClass.spec.parametersRef: what holds for all Gateways of the class. */
export function classParameters(
  { spec }: GatewayClass,
  reader: Reader,
  resources: Pick<Resources, "GatewayParameters">,
): Parameters {
  const reference = spec.parametersRef;
  if (reference === undefined) return { parameters: defaultParameters };
  const { group, kind, name, namespace } = reference;
  return read({ field: "spec.parametersRef", group, kind, name, namespace }, defaultParameters, reader, resources);
}

/** Gateway API, GatewayInfrastructure.parametersRef: what differs for one Gateway from what its class says. */
export function gatewayParameters(
  { metadata, spec }: Gateway,
  reader: Reader,
  resources: Pick<Resources, "GatewayParameters" | "GatewayClass">,
): Parameters {
  const gatewayClass = reader.fetch(resources.GatewayClass, spec.gatewayClassName);
  const base =
    gatewayClass === undefined ? { parameters: defaultParameters } : classParameters(gatewayClass, reader, resources);
  const reference = spec.infrastructure?.parametersRef;
  if (reference === undefined || "problem" in base) return base;
  const { group, kind, name } = reference;
  const { namespace = "default" } = metadata;
  return read(
    { field: "spec.infrastructure.parametersRef", group, kind, name, namespace },
    base.parameters,
    reader,
    resources,
    (own) => notForGateways(own, base.parameters),
  );
}

function bootstrapProblem({ envoy }: GatewayParametersSpec): string | undefined {
  const problem = envoy?.extraBootstrap === undefined ? undefined : extraBootstrapProblem(envoy.extraBootstrap);
  return problem === undefined ? undefined : `spec.envoy.extraBootstrap: ${problem}`;
}

function read(
  reference: Reference,
  base: ProxyParameters,
  reader: Reader,
  resources: Pick<Resources, "GatewayParameters">,
  refuse: (own: GatewayParametersSpec) => string | undefined = () => undefined,
): Parameters {
  const { field, group, kind, namespace, name } = reference;
  if (!namesParameters(reference)) {
    const named = `${kind} ${name} of group "${group}"`;
    return {
      problem: `${field} names ${named}: Gatewright reads parameters from GatewayParameters. Write group: ${parametersGroup}, kind: ${parametersKind}, and its name.`,
    };
  }
  if (namespace === undefined) {
    return { problem: `${field} names ${kind} ${name} without its namespace. Write ${field}.namespace.` };
  }
  const found = reader.fetch(resources.GatewayParameters, `${namespace}/${name}`);
  if (found === undefined) return { problem: `${field} names ${kind} ${namespace}/${name}, which does not exist.` };
  const { spec = {} } = found;
  const parameters = merged(base, spec, found.metadata);
  const problem =
    refuse(spec) ??
    accessLogProblem(spec.accessLogs ?? []) ??
    bootstrapProblem(spec) ??
    contradiction(spec, parameters);
  return problem === undefined ? { parameters } : { problem: `${kind} ${namespace}/${name}: ${problem}` };
}
