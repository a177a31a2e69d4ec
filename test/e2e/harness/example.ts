import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ForeignBackend, findBackends } from "../../../examples/backends/find-backends.ts";
import type { Echo } from "../../../examples/backends/http-echo.ts";
import { closeBackends, startBackends } from "../../../examples/backends/start.ts";
import { type CertificateAuthority, createAuthority } from "../../../examples/seeds/certificate-authority.ts";
import { passthroughHostnames, writeCertificates } from "../../../examples/seeds/make-certificates.ts";
import { type GatewayOptions, type RunningGateway, startGateway } from "./gateway.ts";
import { ownLoopback } from "./ports.ts";
import { root } from "./programs.ts";

/** An example that runs: its backends, and Gatewright on a copy of its folder. */
export interface RunningExample {
  readonly gateway: RunningGateway;
  /** The copy; what a test writes here, Gatewright serves. */
  readonly folder: string;
  /** In the copy, the backends' addresses 127.0.0.N are this and N, so that tests may run side by side. */
  readonly loopback: string;
  readonly authority: CertificateAuthority;
  /** The authority's certificate, for `curl --cacert`. */
  readonly caFile: string;
  /** Every request that an HTTP backend got so far. */
  readonly received: readonly Echo[];
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "gatewright-e2e-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Starts an example of `examples/`. All is stopped after the test.
 *
 * @param options.foreign starts what demo backends can't be, such as a database
 */
export async function startExample(
  t: TestContext,
  name: string,
  options: GatewayOptions & { readonly foreign?: (backend: ForeignBackend) => Promise<void> } = {},
): Promise<RunningExample> {
  const parent = await temporaryFolder(t);
  const folder = join(parent, "resources");
  await cp(join(root, "examples", name), folder, {
    recursive: true,
    filter: (source) => !source.endsWith("certificates.yaml"),
  });
  const loopback = ownLoopback();
  for (const entry of (await readdir(folder)).filter((file) => file.endsWith(".yaml"))) {
    const text = await readFile(join(folder, entry), "utf8");
    await writeFile(join(folder, entry), text.replaceAll("127.0.0.", `${loopback}.`));
  }
  const authority = await createAuthority();
  const caFile = join(parent, "ca.pem");
  await writeFile(caFile, authority.certificate);
  await writeCertificates(folder, authority);

  const received: Echo[] = [];
  const { backends, foreign } = await findBackends(folder);
  const hostnames = await passthroughHostnames(folder);
  const running = await startBackends(backends, {
    onRequest: (echo) => received.push(echo),
    ...(hostnames.length > 0 && { certificate: await authority.issue(hostnames) }),
  });
  t.after(() => closeBackends(running));
  for (const backend of foreign) await options.foreign?.(backend);

  const gateway = await startGateway(t, [folder], await listenerPorts(folder), options);
  return { gateway, folder, loopback, authority, caFile, received };
}

/** Ports of all listeners of all Gateways of a folder. */
export async function listenerPorts(folder: string): Promise<readonly number[]> {
  interface Gateway {
    readonly kind?: string;
    readonly spec?: { readonly listeners?: readonly { readonly port: number }[] };
  }
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  const documents = texts.flatMap((text) => parseAllDocuments(text).map((document): Gateway => document.toJS() ?? {}));
  const gateways = documents.filter(({ kind }) => kind === "Gateway");
  return [...new Set(gateways.flatMap(({ spec }) => (spec?.listeners ?? []).map(({ port }) => port)))];
}
