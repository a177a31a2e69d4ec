import { serviceNameLabel } from "../gateway/endpoints.ts";
import { endpointsAnnotation } from "../resources/checks/own-keys.ts";
import type { Finding } from "../resources/finding.ts";
import type { EndpointSlice, Endpoints, Service } from "../resources/generated/core.ts";
import { keyOf } from "../resources/object.ts";
import { type FieldPath, formatPath } from "../resources/origin.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { isWrittenByKubernetes } from "./written-by-kubernetes.ts";

/** EndpointSlices and Endpoints that people wrote and nobody asks, or one of whose ports is none of the Service's. */
export function analyseEndpoints(analysed: Analysed): readonly Finding[] {
  const { resources } = analysed;
  const slices = sorted(resources.EndpointSlice).map(([, slice]) => slice);
  const byHand = slices.filter((slice) => !isWrittenByKubernetes(slice));
  const sliced = new Set(byHand.map(serviceOf));
  return [
    ...byHand.flatMap((slice) => sliceFindings(analysed, slice)),
    ...sorted(resources.Endpoints)
      .filter(([, endpoints]) => !isWrittenByKubernetes(endpoints))
      .flatMap(([key, endpoints]) => {
        const cause = sliced.has(key)
          ? "there are EndpointSlices of it, which count"
          : overridden(resources.Service.get(key));
        if (cause !== undefined) return [told(endpoints, [], `Nothing of it has an effect: Service ${key}: ${cause}.`)];
        return (endpoints.subsets ?? []).flatMap(({ ports }, index) =>
          strangePorts(endpoints, resources.Service.get(key), ports, ["subsets", index, "ports"]),
        );
      }),
  ];
}

/** Key of the Service that a slice belongs to. */
function serviceOf({ metadata: { namespace = "default", labels } }: EndpointSlice): string | undefined {
  const name = labels?.[serviceNameLabel];
  return name === undefined ? undefined : `${namespace}/${name}`;
}

function sliceFindings({ resources }: Analysed, slice: EndpointSlice): readonly Finding[] {
  const key = serviceOf(slice);
  if (key === undefined) {
    const remedy = `Set the label ${serviceNameLabel} to the name of the Service.`;
    return [{ ...told(slice, [], "Nothing of it has an effect: it says no Service that it belongs to."), remedy }];
  }
  const service = resources.Service.get(key);
  const cause = overridden(service);
  if (cause !== undefined) return [told(slice, [], `Nothing of it has an effect: Service ${key}: ${cause}.`)];
  return [...strangePorts(slice, service, slice.ports, ["ports"]), ...furtherAddresses(slice)];
}

/** EndpointSlice, Endpoint.addresses: all of them are the same endpoint, and consumers use the first. */
function furtherAddresses(slice: EndpointSlice): readonly Finding[] {
  return (slice.endpoints ?? []).flatMap(({ addresses }, index) =>
    addresses.slice(1).map((address, position) => {
      const path = ["endpoints", index, "addresses", position + 1];
      const message = `${formatPath(path)}, ${address}, has no effect: all addresses of an endpoint are the same, and the first is used.`;
      return { ...told(slice, path, message), remedy: "Make it an endpoint of its own." };
    }),
  );
}

/** Why endpoints of a Service are not asked for. */
function overridden(service: Service | undefined): string | undefined {
  if (service?.spec?.type === "ExternalName") return "it is of type ExternalName, and DNS knows where it is";
  const annotation = service?.metadata.annotations?.[endpointsAnnotation];
  return annotation === undefined ? undefined : `its annotation ${endpointsAnnotation} says where it is`;
}

/** Ports of a Service and of its endpoints belong together by name and protocol; one that fits none is sent nothing. */
function strangePorts(
  object: EndpointSlice | Endpoints,
  service: Service | undefined,
  ports: readonly { readonly name?: string; readonly protocol?: string }[] = [],
  path: FieldPath,
): readonly Finding[] {
  if (service === undefined) return [];
  const describe = ({ name = "", protocol = "TCP" }: (typeof ports)[number]) => `"${name}" (${protocol})`;
  const known = (service.spec?.ports ?? []).map(describe);
  return ports.flatMap((port, index) => {
    if (known.includes(describe(port))) return [];
    const at = [...path, index];
    const message = `${formatPath(at)}, ${describe(port)}, is no port of Service ${keyOf(service)}, which has ${known.join(", ") || "none"}: nothing is sent to it.`;
    return [told(object, at, message)];
  });
}

function told({ kind, metadata }: EndpointSlice | Endpoints, path: FieldPath, message: string): Finding {
  const { namespace = "default", name } = metadata;
  const group = kind === "Endpoints" ? "" : "discovery.k8s.io";
  return {
    severity: "warning",
    code: "not-enforced",
    message,
    origin: { resource: { group, kind, namespace, name }, path },
  };
}
