import { hasFormat } from "../formats.ts";
import type { Service, ServicePort } from "../generated/core.ts";
import { type Mistake, mistake, warning } from "../mistake.ts";
import { endpointsAnnotation } from "./own-keys.ts";

/** What the API server checks of a Service beyond its schema (pkg/apis/core/validation, ValidateService). */
export function checkService({ metadata, spec }: Service): readonly Mistake[] {
  const { ports = [], type, clusterIP, externalName } = spec;
  const needsPorts = type !== "ExternalName" && clusterIP !== "None";
  return [
    ...(needsPorts && ports.length === 0 ? [mistake("missing-field", ["spec"], "spec.ports is missing.")] : []),
    ...(type === "ExternalName" ? externalNameMistakes(externalName) : []),
    ...(type === "ExternalName" && metadata.annotations?.[endpointsAnnotation] !== undefined ? [annotatedInVain] : []),
    ...(type !== "ExternalName" && externalName !== undefined && externalName !== "" ? [namedInVain] : []),
    ...ports.flatMap((port, index) => [...nameMistakes(port, index, ports), ...targetMistakes(port, index)]),
  ];
}

const namedInVain = warning(
  "not-enforced",
  ["spec", "externalName"],
  "spec.externalName has no effect: the Service is not of type ExternalName.",
);

const annotatedInVain = warning(
  "not-enforced",
  ["metadata", "annotations", endpointsAnnotation],
  `The annotation ${endpointsAnnotation} has no effect: a Service of type ExternalName is where DNS says.`,
);

function externalNameMistakes(name: string | undefined): readonly Mistake[] {
  if (name === undefined || name === "") {
    return [mistake("missing-field", ["spec"], "spec.externalName is missing, which type ExternalName needs.")];
  }
  if (hasFormat("dns1123Subdomain", name.replace(/\.$/, ""))) return [];
  const message = `spec.externalName: ${JSON.stringify(name)} is no DNS name (lower-case letters, digits, - and .).`;
  return [mistake("wrong-format", ["spec", "externalName"], message)];
}

function nameMistakes({ name }: ServicePort, index: number, ports: readonly ServicePort[]): readonly Mistake[] {
  const path = ["spec", "ports", index];
  if (name === undefined || name === "") {
    if (ports.length === 1) return [];
    return [mistake("missing-field", path, `spec.ports[${index}].name is missing; each of several ports needs one.`)];
  }
  const first = ports.findIndex((port) => port.name === name);
  if (first !== index) {
    const message = `spec.ports[${index}] has the name "${name}", as spec.ports[${first}] does.`;
    return [mistake("duplicate-entry", [...path, "name"], message, "Give each port a name of its own.")];
  }
  if (hasFormat("dns1123Label", name)) return [];
  const message = `spec.ports[${index}].name: ${JSON.stringify(name)} is no name of a port (lower-case letters, digits and -).`;
  return [mistake("wrong-format", [...path, "name"], message)];
}

/** A name of a container's port: at most 15 characters, at least one letter. */
function targetMistakes({ targetPort }: ServicePort, index: number): readonly Mistake[] {
  const path = ["spec", "ports", index, "targetPort"];
  if (targetPort === undefined) return [];
  if (typeof targetPort === "number") {
    return targetPort >= 1 && targetPort <= 65_535
      ? []
      : [
          mistake(
            "out-of-range",
            path,
            `spec.ports[${index}].targetPort is ${targetPort}; it must be from 1 to 65535.`,
          ),
        ];
  }
  if (/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(targetPort) && !targetPort.includes("--")) return [];
  const message = `spec.ports[${index}].targetPort: ${JSON.stringify(targetPort)} is no name of a port (up to 15 lower-case letters, digits and -).`;
  if (!/^\d+$/.test(targetPort)) return [mistake("wrong-format", path, message)];
  const fix = { kind: "set", path, value: Number(targetPort) } as const;
  return [mistake("wrong-format", path, message, `Remove the quotes: ${targetPort}.`, [fix])];
}
