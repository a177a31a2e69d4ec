/**
 * Makes the certificates that the Gateways of example folders ask for.
 *
 *     node examples/seeds/make-certificates.ts examples/seeds/https-termination
 *     curl --cacert examples/seeds/certificates/ca.pem …
 *
 * Every Secret that an HTTPS or TLS listener names is written to FOLDER/certificates.yaml, for the hostnames of the
 * listeners that name it. The authority that signs them is made once and kept in examples/seeds/certificates.
 * Git ignores both: keys are never committed.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { type CertificateAuthority, createAuthority, readAuthority } from "./certificate-authority.ts";

interface Gateway {
  readonly kind?: string;
  readonly metadata?: { readonly namespace?: string };
  readonly spec?: {
    readonly hostnames?: readonly string[];
    readonly listeners?: readonly {
      readonly hostname?: string;
      readonly tls?: { readonly certificateRefs?: readonly { readonly name: string; readonly namespace?: string }[] };
    }[];
  };
}

/** A Secret that listeners name, and the hostnames of those listeners. */
interface WantedSecret {
  readonly namespace: string;
  readonly name: string;
  readonly hostnames: readonly string[];
}

/** The authority kept in a folder, made if there is none. */
export async function authorityIn(folder: string): Promise<CertificateAuthority> {
  const files = { certificate: join(folder, "ca.pem"), key: join(folder, "ca-key.pem") };
  try {
    return await readAuthority(await readFile(files.certificate, "utf8"), await readFile(files.key, "utf8"));
  } catch {
    const authority = await createAuthority();
    await mkdir(folder, { recursive: true });
    await writeFile(files.key, authority.key, { mode: 0o600 });
    await writeFile(files.certificate, authority.certificate);
    return authority;
  }
}

/** Writes FOLDER/certificates.yaml; without listeners that name a Secret, nothing. */
export async function writeCertificates(folder: string, authority: CertificateAuthority): Promise<void> {
  const secrets = wantedSecrets(await readDocuments(folder));
  const documents = await Promise.all(
    secrets.map(async ({ namespace, name, hostnames }) => tlsSecret(namespace, name, await authority.issue(hostnames))),
  );
  if (documents.length > 0)
    await writeFile(join(folder, "certificates.yaml"), documents.join("---\n"), { mode: 0o600 });
}

/** Hostnames of a folder's TLSRoutes: those whose TLS ends at the backend. */
export async function passthroughHostnames(folder: string): Promise<readonly string[]> {
  const documents = await readDocuments(folder);
  return documents.flatMap(({ kind, spec }) => (kind === "TLSRoute" ? (spec?.hostnames ?? []) : []));
}

/** A Secret of type kubernetes.io/tls, as YAML. */
export function tlsSecret(
  namespace: string,
  name: string,
  pair: { readonly cert: string; readonly key: string },
): string {
  const data = { "tls.crt": base64(pair.cert), "tls.key": base64(pair.key) };
  return stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    type: "kubernetes.io/tls",
    data,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function wantedSecrets(documents: readonly Gateway[]): readonly WantedSecret[] {
  const references = documents
    .filter(({ kind }) => kind === "Gateway")
    .flatMap(({ metadata, spec }) =>
      (spec?.listeners ?? []).flatMap(({ hostname = "localhost", tls }) =>
        (tls?.certificateRefs ?? []).map(({ name, namespace }) => ({
          namespace: namespace ?? metadata?.namespace ?? "default",
          name,
          hostname,
        })),
      ),
    );
  const secrets = new Map<string, WantedSecret>();
  for (const { namespace, name, hostname } of references) {
    const key = `${namespace}/${name}`;
    const hostnames = new Set([...(secrets.get(key)?.hostnames ?? []), hostname]);
    secrets.set(key, { namespace, name, hostnames: [...hostnames] });
  }
  return [...secrets.values()];
}

async function readDocuments(folder: string): Promise<readonly Gateway[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml") && name !== "certificates.yaml").sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return texts.flatMap((text) => parseAllDocuments(text).map((document): Gateway => document.toJS() ?? {}));
}

if (import.meta.main) {
  const folders = process.argv.slice(2);
  if (folders.length === 0) {
    console.error("usage: node examples/seeds/make-certificates.ts FOLDER…");
    process.exit(2);
  }
  const authority = await authorityIn(join(import.meta.dirname, "certificates"));
  for (const folder of folders) await writeCertificates(folder, authority);
}
