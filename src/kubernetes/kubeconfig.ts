import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { AccessError, type ClusterAccess, type Credential } from "./access.ts";
import { ExecCredential, type ExecPlugin } from "./exec-credential.ts";
import { inCluster } from "./in-cluster.ts";
import { RereadFile } from "./reread-file.ts";

export interface KubeconfigOptions {
  /** Else $KUBECONFIG, else ~/.kube/config, else the service account of the pod that this runs in. */
  readonly kubeconfig?: string | undefined;
  /** Else the kubeconfig's current context. */
  readonly context?: string | undefined;
}

/**
 * Finds an API server the way kubectl does.
 *
 * Tokens, token files, basic authentication, client certificates (in the file or beside it), credential plugins (`exec`),
 * impersonation, `proxy-url` and `tls-server-name` are understood. The old `auth-provider` is not: kubectl has dropped all
 * of them but `oidc`, for which there are credential plugins.
 *
 * @throws AccessError
 */
export function findCluster({ kubeconfig, context }: KubeconfigOptions, environment = process.env): ClusterAccess {
  const named = kubeconfig ?? (environment["KUBECONFIG"] || undefined);
  const files = named === undefined ? [join(homedir(), ".kube", "config")] : named.split(delimiter).filter(Boolean);
  const present = files.filter((file) => existsSync(file));
  if (kubeconfig !== undefined && present.length === 0) throw new AccessError(`${kubeconfig} does not exist.`);
  if (present.length > 0) return accessOf(merged(present), context, present.join(delimiter));
  const own = inCluster(environment);
  if (own !== undefined) return own;
  throw new AccessError(`There is no kubeconfig: ${files.join(", ")} does not exist, and this runs in no pod.`);
}

/** Is there anything that {@link findCluster} would find without being told? */
export function hasCluster(environment = process.env): boolean {
  const files = environment["KUBECONFIG"]?.split(delimiter) ?? [join(homedir(), ".kube", "config")];
  return files.some((file) => file !== "" && existsSync(file)) || inCluster(environment) !== undefined;
}

interface Cluster {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
}

interface User {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly "client-certificate"?: string;
  readonly "client-certificate-data"?: string;
  readonly "client-key"?: string;
  readonly "client-key-data"?: string;
  readonly exec?: ExecPlugin;
  readonly "auth-provider"?: { readonly name?: string };
  readonly as?: string;
  readonly "as-uid"?: string;
  readonly "as-groups"?: readonly string[];
}

interface Context {
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

/** One thing of a kubeconfig, with the file that it is in: paths are relative to that. */
interface Entry<T> {
  readonly value: T;
  readonly file: string;
}

interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Entry<Cluster>>;
  readonly users: ReadonlyMap<string, Entry<User>>;
  readonly contexts: ReadonlyMap<string, Entry<Context>>;
}

/** Several files are one: the first that has something wins. */
function merged(files: readonly string[]): Kubeconfig {
  const clusters = new Map<string, Entry<Cluster>>();
  const users = new Map<string, Entry<User>>();
  const contexts = new Map<string, Entry<Context>>();
  let currentContext: string | undefined;
  for (const file of files) {
    const document = read(file);
    currentContext ??= document["current-context"] || undefined;
    for (const { name, cluster } of document.clusters ?? []) addFirst(clusters, name, { value: cluster ?? {}, file });
    for (const { name, user } of document.users ?? []) addFirst(users, name, { value: user ?? {}, file });
    for (const { name, context } of document.contexts ?? []) addFirst(contexts, name, { value: context ?? {}, file });
  }
  return { currentContext, clusters, users, contexts };
}

interface KubeconfigFile {
  readonly "current-context"?: string;
  readonly clusters?: readonly { readonly name: string; readonly cluster?: Cluster }[];
  readonly users?: readonly { readonly name: string; readonly user?: User }[];
  readonly contexts?: readonly { readonly name: string; readonly context?: Context }[];
}

function read(file: string): KubeconfigFile {
  try {
    return parse(readFileSync(file, "utf8")) ?? {};
  } catch (error) {
    throw new AccessError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function addFirst<T>(map: Map<string, T>, name: string, value: T): void {
  if (!map.has(name)) map.set(name, value);
}

function accessOf(config: Kubeconfig, wanted: string | undefined, origin: string): ClusterAccess {
  const name = wanted ?? config.currentContext;
  if (name === undefined) throw new AccessError(`${origin} has no current-context; name one with --context.`);
  const context = config.contexts.get(name)?.value;
  if (context === undefined) {
    throw new AccessError(`${origin} has no context ${name}. It has: ${[...config.contexts.keys()].join(", ")}.`);
  }
  const cluster = config.clusters.get(context.cluster ?? "");
  if (cluster?.value.server === undefined) {
    throw new AccessError(`Context ${name} of ${origin} has no cluster with a server.`);
  }
  const user = config.users.get(context.user ?? "") ?? { value: {}, file: cluster.file };
  const parts = [authority(cluster), ...credentialsOf(user, cluster)];
  return {
    server: cluster.value.server,
    namespace: context.namespace ?? "default",
    origin: `context ${name} of ${origin}`,
    insecure: cluster.value["insecure-skip-tls-verify"] === true,
    serverName: cluster.value["tls-server-name"],
    proxyUrl: cluster.value["proxy-url"],
    credential: async () => {
      const credentials = await Promise.all(parts.map((each) => each.credential()));
      return credentials.reduce((all, one) => ({
        ca: one.ca ?? all.ca,
        cert: one.cert ?? all.cert,
        key: one.key ?? all.key,
        headers: { ...all.headers, ...one.headers },
      }));
    },
    refused: () => {
      for (const each of parts) each.refused();
    },
  };
}

type Part = Pick<ClusterAccess, "refused"> & { credential(): Promise<Credential> };

function authority({ value, file }: Entry<Cluster>): Part {
  const ca = textOf(value["certificate-authority-data"], value["certificate-authority"], file);
  return part(() => ({ headers: {}, ca: ca?.text() }), ca);
}

/** In client-go's order of precedence: a token before a password, and a plugin only without either. */
function credentialsOf({ value: user, file }: Entry<User>, cluster: Entry<Cluster>): readonly Part[] {
  const cert = textOf(user["client-certificate-data"], user["client-certificate"], file);
  const key = textOf(user["client-key-data"], user["client-key"], file);
  const certificate = part(() => ({ headers: impersonation(user), cert: cert?.text(), key: key?.text() }), cert, key);
  if (user.tokenFile !== undefined || user.token !== undefined) {
    const token = textOf(user.tokenFile === undefined ? encoded(user.token) : undefined, user.tokenFile, file);
    return [certificate, part(() => ({ headers: { authorization: `Bearer ${token?.text().trim()}` } }), token)];
  }
  if (user.username !== undefined) {
    const pair = encoded(`${user.username}:${user.password ?? ""}`);
    return [certificate, part(() => ({ headers: { authorization: `Basic ${pair}` } }))];
  }
  if (user.exec !== undefined) return [certificate, new ExecCredential(user.exec, file, clusterInfo(cluster))];
  const provider = user["auth-provider"];
  if (provider !== undefined) {
    throw new AccessError(
      `${file} asks for the auth-provider ${provider.name ?? ""}, which kubectl has given up too. Use a credential plugin: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins`,
    );
  }
  return [certificate];
}

interface Text {
  text(): string;
  forget(): void;
}

function textOf(data: string | undefined, path: string | undefined, file: string): Text | undefined {
  if (data !== undefined && data !== "") {
    const text = Buffer.from(data, "base64").toString("utf8");
    return { text: () => text, forget: () => {} };
  }
  if (path === undefined || path === "") return undefined;
  const reread = new RereadFile(resolve(dirname(file), path));
  return {
    text: () => {
      try {
        return reread.text();
      } catch (error) {
        throw new AccessError(
          `${reread.path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
    forget: () => reread.forget(),
  };
}

function part(credential: () => Credential, ...texts: readonly (Text | undefined)[]): Part {
  return {
    credential: async () => credential(),
    refused: () => {
      for (const text of texts) text?.forget();
    },
  };
}

function impersonation(user: User): Credential["headers"] {
  return {
    ...(user.as !== undefined && { "impersonate-user": user.as }),
    ...(user["as-uid"] !== undefined && { "impersonate-uid": user["as-uid"] }),
    ...(user["as-groups"] !== undefined && { "impersonate-group": [...user["as-groups"]] }),
  };
}

function clusterInfo({ value, file }: Entry<Cluster>): Readonly<Record<string, unknown>> {
  const ca = textOf(value["certificate-authority-data"], value["certificate-authority"], file);
  return {
    server: value.server,
    "tls-server-name": value["tls-server-name"],
    "insecure-skip-tls-verify": value["insecure-skip-tls-verify"],
    "proxy-url": value["proxy-url"],
    "certificate-authority-data": ca === undefined ? undefined : encoded(ca.text()),
  };
}

function encoded(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString("base64");
}
