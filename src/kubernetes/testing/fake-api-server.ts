import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isDeepStrictEqual } from "node:util";
import type { Kind } from "../../resources/kinds.ts";
import { findKind, splitApiVersion } from "../../resources/kinds.ts";
import type { KubernetesObject } from "../../resources/object.ts";
import { keyOf } from "../../resources/object.ts";
import { type ApiObject, type ApiResource, pathOf, resourceOf } from "../api-object.ts";
import { type ClientObserver, KubernetesClient } from "../client.ts";
import { status } from "./scripted-server.ts";

interface Watcher {
  readonly selects: (object: KubernetesObject) => boolean;
  readonly response: ServerResponse;
}

interface Stored {
  readonly resource: ApiResource;
  readonly objects: Map<string, ApiObject>;
  readonly watchers: Set<Watcher>;
}

/**
 * As much of an API server as sources, commands and a whole control plane need: lists, watches with WatchList, discovery, writes
 * of any kind, and objects that a test puts in. It validates nothing, knows no history (every watch begins with a list) and
 * forgets nothing in between. A patch is a merge patch, whatever its type; fields belong to nobody.
 */
export class FakeApiServer {
  /** `GET /path?query` of every request. */
  readonly asked: string[] = [];
  /** Events that were sent on watches, bookmarks aside. */
  sent = 0;
  /** Requests that have no answer yet, watches aside. */
  unanswered = 0;
  readonly #stored = new Map<string, Stored>();
  readonly #refused = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
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

  client(observer: ClientObserver = {}): KubernetesClient {
    return new KubernetesClient(
      {
        server: this.url,
        namespace: "default",
        origin: "a test",
        insecure: false,
        credential: async () => ({ headers: {} }),
        refused: () => {},
      },
      observer,
    );
  }

  /** Serves a kind that nobody has put an object of. */
  offer(resource: ApiResource): void {
    this.#store(resource);
  }

  /** Serves a kind in these versions from now on; with a definition if it is a custom resource. */
  serve(kind: Kind, versions: readonly string[] = [kind.versions[0]], annotations: object = {}): void {
    for (const [path, { resource }] of this.#stored) {
      if (resource.kind === kind.kind && !versions.includes(resource.version)) this.#stored.delete(path);
    }
    for (const version of versions) this.#store(resourceOf(kind, version));
    if (kind.group.startsWith("gateway.networking") || kind.group === "gatewright.dev") this.#define(kind, annotations);
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

  /** Adds an object, or replaces the one that has its name. Changes of anything but metadata and status are counted by `generation`. */
  put(object: ApiObject): void {
    this.#put(this.#of(object), object);
  }

  remove(object: KubernetesObject): void {
    this.#remove(this.#of(object), keyOf(object));
  }

  /** What there is under a name now. */
  get(object: KubernetesObject): ApiObject | undefined {
    return this.#of(object).objects.get(keyOf(object));
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const { method = "GET" } = request;
    this.asked.push(`${method} ${url.pathname}${url.search}`);
    if (url.searchParams.get("watch") !== "1") {
      this.unanswered += 1;
      response.on("close", () => (this.unanswered -= 1));
    }
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    if (this.#holding !== "" && url.pathname.includes(this.#holding)) {
      this.#held.push(() => this.#serveRequest(method, url, body, response));
    } else this.#serveRequest(method, url, body, response);
  }

  #serveRequest(method: string, { pathname, searchParams }: URL, body: unknown, response: ServerResponse): void {
    const refused = [...this.#refused].find(([text]) => pathname.includes(text));
    const { namespace, name, collection } = readPath(pathname);
    const stored = this.#stored.get(collection);
    if (refused !== undefined) answer(response, status(refused[1], ""));
    else if (stored === undefined) answer(response, this.#discovery(pathname) ?? status(404, "NotFound"));
    else if (method !== "GET" || name !== undefined) {
      const key = namespace === undefined ? (name ?? "") : `${namespace}/${name ?? ""}`;
      answer(response, this.#one(stored, method, key, body));
    } else {
      const selects = selection(namespace, searchParams);
      if (searchParams.get("watch") === "1") this.#watch(stored, selects, searchParams, response);
      else answer(response, { metadata: { resourceVersion: String(this.#version) }, items: itemsOf(stored, selects) });
    }
  }

  /** Reads or writes one object. */
  #one(stored: Stored, method: string, key: string, body: unknown): object {
    const known = stored.objects.get(key);
    if (method === "POST" || (known === undefined && method === "PATCH" && isObject(body))) {
      return isObject(body) ? this.#put(stored, body) : status(400, "BadRequest");
    }
    if (known === undefined) return status(404, "NotFound");
    if (method === "GET") return known;
    if (method === "DELETE") return this.#remove(stored, key) ?? status(404, "NotFound");
    const wanted = method === "PUT" ? body : merged(known, body);
    if (!isObject(wanted)) return status(400, "BadRequest");
    const { resourceVersion } = wanted.metadata;
    if (resourceVersion !== undefined && resourceVersion !== known.metadata.resourceVersion)
      return status(409, "Conflict");
    return isDeepStrictEqual(wanted, known) ? known : this.#put(stored, wanted);
  }

  #put(stored: Stored, object: ApiObject): ApiObject {
    const known = stored.objects.get(keyOf(object));
    const { resourceVersion: _, generation, ...given } = object.metadata;
    const changed = known === undefined || !isDeepStrictEqual(counted(known), counted(object));
    const metadata = {
      uid: keyOf(object),
      ...given,
      ...(stored.resource.group === "" || (generation !== undefined && known?.metadata.generation !== generation)
        ? { ...(generation !== undefined && { generation }) }
        : { generation: (known?.metadata.generation ?? 0) + (changed ? 1 : 0) }),
      resourceVersion: String(++this.#version),
      managedFields: [{ manager: "test" }],
    };
    // Status is written by itself, and stays whoever writes the rest.
    const now: ApiObject = { ...(known?.["status"] !== undefined && { status: known["status"] }), ...object, metadata };
    stored.objects.set(keyOf(object), now);
    this.#send(stored, known === undefined ? "ADDED" : "MODIFIED", now);
    return now;
  }

  #remove(stored: Stored, key: string): ApiObject | undefined {
    const last = stored.objects.get(key);
    stored.objects.delete(key);
    const resourceVersion = String(++this.#version);
    if (last !== undefined) this.#send(stored, "DELETED", { ...last, metadata: { ...last.metadata, resourceVersion } });
    return last;
  }

  #send({ watchers }: Stored, type: string, object: ApiObject): void {
    for (const { selects, response } of watchers) {
      if (!selects(object)) continue;
      this.sent += 1;
      sendTo(response, type, object);
    }
  }

  #watch(stored: Stored, selects: Watcher["selects"], query: URLSearchParams, response: ServerResponse): void {
    if (query.get("sendInitialEvents") === "true") {
      const items = itemsOf(stored, selects);
      this.sent += items.length;
      for (const object of items) sendTo(response, "ADDED", object);
      const annotations = { "k8s.io/initial-events-end": "true" };
      sendTo(response, "BOOKMARK", { metadata: { resourceVersion: String(this.#version), annotations } });
    } else if (Number(query.get("resourceVersion")) < this.#version) {
      sendTo(response, "ERROR", status(410, "Expired"));
      response.end();
      return;
    }
    response.flushHeaders();
    const watcher = { selects, response };
    stored.watchers.add(watcher);
    response.on("close", () => stored.watchers.delete(watcher));
  }

  #discovery(path: string): object | undefined {
    const resources = [...this.#stored.values()].map(({ resource }) => resource);
    const [, , group, version] = path.split("/");
    const found = resources.filter((it) => it.group === group && (version === undefined || it.version === version));
    if (found.length === 0) return undefined;
    if (version === undefined) {
      const versions = new Set(found.map((it) => it.version));
      return { versions: [...versions].map((each) => ({ groupVersion: `${group}/${each}` })) };
    }
    return {
      groupVersion: `${group}/${version}`,
      resources: found.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced })),
    };
  }
}

function itemsOf({ objects }: Stored, selects: Watcher["selects"]): readonly ApiObject[] {
  return [...objects.values()].filter(selects);
}

/** `labelSelector` with `=`, and `fieldSelector` of a name or of types: what the sources ask for. */
function selection(namespace: string | undefined, query: URLSearchParams): Watcher["selects"] {
  const terms = (parameter: string) => (query.get(parameter) ?? "").split(",").filter((term) => term !== "");
  const labels = terms("labelSelector").map((term) => term.split("="));
  const fields = terms("fieldSelector").map((term) => /^(?:metadata\.)?(\w+)(!?=)(.*)$/.exec(term) ?? []);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels.every(([label = "", value]) => object.metadata.labels?.[label] === value) &&
    fields.every(([, field = "", operator, value]) => {
      const actual: unknown = field === "name" ? object.metadata.name : Reflect.get(object, field);
      return (actual === value) === (operator === "=");
    });
}

/** The path of a collection without its namespace, and which object or subresource of it is meant. */
function readPath(path: string): {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
} {
  const pattern = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+)(?:\/status)?)?$/;
  const [, version = path, namespace, plural, name] = pattern.exec(path) ?? [];
  return { collection: plural === undefined ? path : `${version}/${plural}`, namespace, name };
}

/** What `generation` counts the changes of. */
function counted(object: ApiObject): object {
  const { metadata: _, status: __, ...rest } = object;
  return rest;
}

/** JSON merge patch (RFC 7386). */
function merged(value: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const known = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const fields = new Map<string, unknown>(Object.entries(known));
  for (const [field, change] of Object.entries(patch)) {
    if (change === null) fields.delete(field);
    else fields.set(field, merged(fields.get(field), change));
  }
  return Object.fromEntries(fields);
}

function isObject(value: unknown): value is ApiObject {
  return typeof value === "object" && value !== null && "metadata" in value;
}

function sendTo(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function answer(response: ServerResponse, body: object): void {
  const code = "code" in body ? Number(body.code) : 200;
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
}
