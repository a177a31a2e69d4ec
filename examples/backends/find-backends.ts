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

interface Service {
  readonly kind?: string;
  readonly metadata?: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly ports?: readonly { readonly name?: string; readonly appProtocol?: string }[] };
}

const protocols: Readonly<Record<string, Backend["protocol"]>> = {
  http: "http",
  "kubernetes.io/ws": "http",
  "kubernetes.io/grpc": "grpc",
  https: "https",
};

/**
 * The demo backends that the Services of a folder ask for: one for each address in their `gatewright.dev/endpoints`
 * annotation, of the kind that `appProtocol` says (HTTP if it says nothing). Protocols that no demo backend speaks are foreign.
 */
export async function findBackends(
  folder: string,
): Promise<{ readonly backends: readonly Backend[]; readonly foreign: readonly ForeignBackend[] }> {
  const services = await readServices(folder);
  const all = services.flatMap(({ metadata, spec }) => {
    const addresses = metadata?.annotations?.["gatewright.dev/endpoints"]?.split(",") ?? [];
    return addresses.map((entry) => {
      const [portName, address] = splitPortName(entry.trim());
      const port = spec?.ports?.find(({ name }) => portName === undefined || name === portName);
      return { service: metadata?.name ?? "", appProtocol: port?.appProtocol ?? "http", address };
    });
  });
  const backends = all.flatMap(({ service, appProtocol, address }) => {
    const protocol = protocols[appProtocol];
    const colon = address.lastIndexOf(":");
    if (protocol === undefined) return [];
    return [{ service, protocol, host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }];
  });
  return { backends, foreign: all.filter(({ appProtocol }) => protocols[appProtocol] === undefined) };
}

function splitPortName(entry: string): readonly [portName: string | undefined, address: string] {
  const equals = entry.indexOf("=");
  return equals === -1 ? [undefined, entry] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

async function readServices(folder: string): Promise<readonly Service[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts
    .flatMap((text) => parseAllDocuments(text).map((document): Service => document.toJS() ?? {}))
    .filter(({ kind }) => kind === "Service");
}
