import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Kind } from "../../resources/kinds.ts";
import { findKind, splitApiVersion } from "../../resources/kinds.ts";
import type { KubernetesObject } from "../../resources/object.ts";
import { keyOf } from "../../resources/object.ts";
import { type ApiResource, pathOf, resourceOf } from "../api-object.ts";
import { KubernetesClient } from "../client.ts";
import { status } from "./scripted-server.ts";

interface Watcher {
  readonly namespace: string | undefined;
  readonly response: ServerResponse;
}

interface Stored {
  readonly resource: ApiResource;
  readonly objects: Map<string, object & KubernetesObject>;
  readonly watchers: Set<Watcher>;
}

/**
 * As much of an API server as sources and commands need: lists, watches with WatchList, discovery, and objects that a
 * test puts in. It validates nothing, knows no history (every watch begins with a list) and forgets nothing in between.
 */
export class FakeApiServer {
  /** `GET /path?query` of every request. */
  readonly asked: string[] = [];
  readonly #stored = new Map<string, Stored>();
  readonly #refused = new Map<string, number>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #held: (() => void)[] = [];
  #holding = "";
  #version = 100;

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    const [group, version, kind] = ["apiextensions.k8s.io", "v1", "CustomResourceDefinition"];
    fake.#store({ group, version, kind, plural: "customresourcedefinitions", namespaced: false });
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  client(): KubernetesClient {
    return new KubernetesClient({
      server: this.url,
      namespace: "default",
      origin: "a test",
      insecure: false,
      credential: async () => ({ headers: {} }),
      refused: () => {},
    });
  }

  /** Serves a kind in these versions from now on; with a definition if it is a custom resource. */
  serve(kind: Kind, versions: readonly string[] = [kind.versions[0]], annotations: object = {}): void {
    for (const [path, { resource }] of this.#stored) {
      if (resource.kind === kind.kind && !versions.includes(resource.version)) this.#stored.delete(path);
    }
    for (const version of versions) this.#store(resourceOf(kind, version));
    if (kind.group.startsWith("gateway.networking")) this.#define(kind, annotations);
  }

  /** Stops serving it: its objects first, then its definition. */
  withdraw(kind: Kind): void {
    for (const [path, { resource, objects }] of this.#stored) {
      if (resource.kind !== kind.kind) continue;
      for (const object of objects.values()) this.remove(object);
      this.#stored.delete(path);
    }
    const name = `${kind.plural}.${kind.group}`;
    this.remove({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name } });
  }

  /** Adds an object, or replaces the one that has its name. */
  put(object: KubernetesObject & { readonly [field: string]: unknown }): void {
    const stored = this.#of(object);
    const type = stored.objects.has(keyOf(object)) ? "MODIFIED" : "ADDED";
    const metadata = { uid: keyOf(object), ...object.metadata, resourceVersion: String(++this.#version) };
    const now = { ...object, metadata: { ...metadata, managedFields: [{ manager: "test" }] } };
    stored.objects.set(keyOf(object), now);
    send(stored, type, now);
  }

  remove(object: KubernetesObject): void {
    const stored = this.#of(object);
    const last = stored.objects.get(keyOf(object));
    stored.objects.delete(keyOf(object));
    const resourceVersion = String(++this.#version);
    if (last !== undefined) send(stored, "DELETED", { ...last, metadata: { ...last.metadata, resourceVersion } });
  }

  /** Answers everything whose path contains the text with this status, until it is 200. */
  refuse(text: string, code: number): void {
    if (code === 200) this.#refused.delete(text);
    else this.#refused.set(text, code);
  }

  /** Keeps requests waiting whose path contains the text, until {@link FakeApiServer.release}. */
  hold(text: string): void {
    this.#holding = text;
  }

  release(): void {
    this.#holding = "";
    for (const go of this.#held.splice(0)) go();
  }

  /** Ends every watch, as a server that goes down does. */
  breakWatches(): void {
    for (const { watchers } of this.#stored.values()) {
      for (const { response } of watchers) response.destroy();
      watchers.clear();
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #define({ plural, group }: Kind, annotations: object): void {
    const name = `${plural}.${group}`;
    const apiVersion = "apiextensions.k8s.io/v1";
    this.put({ apiVersion, kind: "CustomResourceDefinition", metadata: { name, annotations: { ...annotations } } });
  }

  #store(resource: ApiResource): Stored {
    const path = pathOf(resource);
    const stored = this.#stored.get(path) ?? { resource, objects: new Map(), watchers: new Set() };
    this.#stored.set(path, stored);
    return stored;
  }

  #of({ apiVersion, kind }: KubernetesObject): Stored {
    const { group, version } = splitApiVersion(apiVersion);
    const known = findKind(group, kind);
    const plural = known?.plural ?? `${kind.toLowerCase()}s`;
    return this.#store({ group, version, kind, plural, namespaced: known?.namespaced ?? false });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "/", this.url);
    this.asked.push(`${request.method} ${url.pathname}${url.search}`);
    if (this.#holding !== "" && url.pathname.includes(this.#holding)) {
      this.#held.push(() => this.#serveRequest(url, response));
    } else this.#serveRequest(url, response);
  }

  #serveRequest({ pathname, searchParams }: URL, response: ServerResponse): void {
    const refused = [...this.#refused].find(([text]) => pathname.includes(text));
    const [, namespace] = /\/namespaces\/([^/]+)\//.exec(pathname) ?? [];
    const stored = this.#stored.get(pathname.replace(/\/namespaces\/[^/]+\//, "/"));
    if (refused !== undefined) answer(response, status(refused[1], ""));
    else if (stored === undefined) answer(response, this.#discovery(pathname) ?? status(404, "NotFound"));
    else if (searchParams.get("watch") === "1") this.#watch(stored, namespace, searchParams, response);
    else answer(response, { metadata: { resourceVersion: String(this.#version) }, items: itemsOf(stored, namespace) });
  }

  #watch(stored: Stored, namespace: string | undefined, query: URLSearchParams, response: ServerResponse): void {
    const watcher = { namespace, response };
    if (query.get("sendInitialEvents") === "true") {
      for (const object of itemsOf(stored, namespace)) sendTo(watcher, "ADDED", object);
      const annotations = { "k8s.io/initial-events-end": "true" };
      sendTo(watcher, "BOOKMARK", { metadata: { resourceVersion: String(this.#version), annotations } });
    } else if (Number(query.get("resourceVersion")) < this.#version) {
      sendTo(watcher, "ERROR", status(410, "Expired"));
      response.end();
      return;
    }
    response.flushHeaders();
    stored.watchers.add(watcher);
    response.on("close", () => stored.watchers.delete(watcher));
  }

  #discovery(path: string): object | undefined {
    const resources = [...this.#stored.values()].map(({ resource }) => resource);
    const [, , group, version] = path.split("/");
    const found = resources.filter((it) => it.group === group && (version === undefined || it.version === version));
    if (found.length === 0) return undefined;
    if (version === undefined) return { versions: found.map((it) => ({ groupVersion: `${group}/${it.version}` })) };
    return {
      groupVersion: `${group}/${version}`,
      resources: found.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced })),
    };
  }
}

function itemsOf({ objects }: Stored, namespace: string | undefined): readonly KubernetesObject[] {
  return [...objects.values()].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
}

function send({ watchers }: Stored, type: string, object: KubernetesObject): void {
  for (const watcher of watchers) {
    if (watcher.namespace === undefined || watcher.namespace === object.metadata.namespace)
      sendTo(watcher, type, object);
  }
}

function sendTo({ response }: Watcher, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function answer(response: ServerResponse, body: object): void {
  const code = "code" in body ? Number(body.code) : 200;
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}
