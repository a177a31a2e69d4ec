import type { Reader } from "../collections/collection.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { Gateway, GatewayClass } from "../resources/generated/gateway-api.ts";
import { defaultParameters, type ProxyParameters, readParameters } from "../resources/proxy-parameters.ts";

/** Parameters, or what is wrong with them in words. */
export type Parameters = { readonly parameters: ProxyParameters } | { readonly problem: string };

type ConfigMaps = Pick<Resources, "ConfigMap">;

interface Reference {
  readonly field: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Gateway API, GatewayClass.spec.parametersRef: what holds for all Gateways of the class. */
export function classParameters({ spec }: GatewayClass, reader: Reader, resources: ConfigMaps): Parameters {
  const reference = spec.parametersRef;
  if (reference === undefined) return { parameters: defaultParameters };
  const { group, kind, name, namespace } = reference;
  return read({ field: "spec.parametersRef", group, kind, name, namespace }, defaultParameters, reader, resources);
}

/** Gateway API, GatewayInfrastructure.parametersRef: what differs for one Gateway from what its class says. */
export function gatewayParameters(
  { metadata, spec }: Gateway,
  reader: Reader,
  resources: Pick<Resources, "ConfigMap" | "GatewayClass">,
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
  );
}

function read(reference: Reference, base: ProxyParameters, reader: Reader, resources: ConfigMaps): Parameters {
  const { field, group, kind, namespace, name } = reference;
  if (group !== "" || kind !== "ConfigMap") {
    const named = `${kind} ${name} of group "${group}"`;
    return { problem: `${field} names ${named}: Gatewright reads parameters from a ConfigMap (group "").` };
  }
  if (namespace === undefined) return { problem: `${field} names ConfigMap ${name} without its namespace.` };
  const configMap = reader.fetch(resources.ConfigMap, `${namespace}/${name}`);
  if (configMap === undefined)
    return { problem: `${field} names ConfigMap ${namespace}/${name}, which does not exist.` };
  const found = readParameters(configMap, base);
  return "problem" in found ? { problem: `ConfigMap ${namespace}/${name}: ${found.problem}` } : found;
}
