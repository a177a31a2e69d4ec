import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Backend } from "./backend.ts";

/** A Service whose endpoints are some other program's, such as a database. */
export interface ForeignBackend {
  readonly service: string;
  readonly appProtocol: string;
  readonly address: string;
}

interface Port {
  readonly name?: string;
  readonly port: number;
  readonly appProtocol?: string;
}

/** Service, EndpointSlice or Endpoints, as far as it says where backends are. */
interface Document {
  readonly kind?: string;
  readonly metadata?: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly ports?: readonly Port[] };
  readonly ports?: readonly Port[];
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly notReadyAddresses?: readonly { readonly ip: string }[];
    readonly ports: readonly Port[];
  }[];
}

const protocols: Readonly<Record<string, Backend["protocol"]>> = {
  http: "http",
  "kubernetes.io/ws": "http",
  "kubernetes.io/grpc": "grpc",
  https: "https",
};

/**
 * The demo backends that a folder's Services ask for: one for each address in `gatewright.dev/endpoints` annotations, in
 * EndpointSlices and in Endpoints (the ready and those that are not), of the kind that `appProtocol` says (HTTP if it says
 * nothing). Protocols that no demo backend speaks are foreign.
 */
export async function findBackends(
  folder: string,
): Promise<{ readonly backends: readonly Backend[]; readonly foreign: readonly ForeignBackend[] }> {
  const all = (await readDocuments(folder)).flatMap(addressesOf);
  const backends = all.flatMap(({ service, appProtocol, address }) => {
    const protocol = protocols[appProtocol];
    const colon = address.lastIndexOf(":");
    if (protocol === undefined) return [];
    return [{ service, protocol, host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }];
  });
  return { backends, foreign: all.filter(({ appProtocol }) => protocols[appProtocol] === undefined) };
}

function addressesOf(document: Document): readonly ForeignBackend[] {
  switch (document.kind) {
    case "Service":
      return annotatedAddresses(document);
    case "EndpointSlice": {
      const service = document.metadata?.labels?.["kubernetes.io/service-name"] ?? "";
      const addresses = (document.endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
      return each(service, addresses, document.ports ?? []);
    }
    case "Endpoints":
      return (document.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports }) => {
        const ips = [...addresses, ...notReadyAddresses].map(({ ip }) => ip);
        return each(document.metadata?.name ?? "", ips, ports);
      });
    default:
      return [];
  }
}

function each(service: string, addresses: readonly string[], ports: readonly Port[]): readonly ForeignBackend[] {
  return addresses.flatMap((address) =>
    ports.map(({ port, appProtocol = "http" }) => ({ service, appProtocol, address: `${address}:${port}` })),
  );
}

function annotatedAddresses({ metadata, spec }: Document): readonly ForeignBackend[] {
  const entries = metadata?.annotations?.["gatewright.dev/endpoints"]?.split(",") ?? [];
  return entries.map((entry) => {
    const [portName, address] = splitPortName(entry.trim());
    const port = spec?.ports?.find(({ name }) => portName === undefined || name === portName);
    return { service: metadata?.name ?? "", appProtocol: port?.appProtocol ?? "http", address };
  });
}

/** An entry is `host:port`, or `NAME=host:port` for the Service's port of that name. */
function splitPortName(entry: string): readonly [portName: string | undefined, address: string] {
  const equals = entry.indexOf("=");
  return equals === -1 ? [undefined, entry] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

async function readDocuments(folder: string): Promise<readonly Document[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => parseAllDocuments(text).map((document): Document => document.toJS() ?? {}));
}
