import type { IncomingMessage } from "node:http";
import type { ClusterAccess } from "./access.ts";
import { ApiError, apiErrorOf, isReason } from "./api-error.ts";
import { type ApiObject, type ApiResource, type ObjectName, pathOf } from "./api-object.ts";
import { documentsOf } from "./json-lines.ts";
import { type Exchange, Transport } from "./transport.ts";

export interface ReadOptions {
  /** Asks for metadata alone (`PartialObjectMetadata`). */
  readonly metadataOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which objects of a resource. */
export interface Selection {
  /** All namespaces if absent. */
  readonly namespace?: string | undefined;
  /** @example "app=shop" */
  readonly labelSelector?: string | undefined;
  /** @example "metadata.name=shop" */
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, ReadOptions {
  /** How many objects a page may have. */
  readonly limit?: number | undefined;
}

export interface Page {
  readonly items: readonly ApiObject[];
  /** The version of the whole list, the same on every page: where a watch goes on. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection, ReadOptions {
  /** Events after this version; absent with `initialEvents`. */
  readonly resourceVersion?: string | undefined;
  /** Begins with everything there is, as events, and a bookmark that ends them (KEP-3157, WatchList). */
  readonly initialEvents?: boolean | undefined;
  /** How long the server may keep it up. */
  readonly timeoutSeconds?: number | undefined;
}

/** `BOOKMARK`: nothing but a newer `metadata.resourceVersion`. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: ApiObject;
}

export interface WriteOptions {
  /** `status` writes the status and nothing else. */
  readonly subresource?: "status" | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PatchOptions extends WriteOptions {
  /** Everything is done but the write itself: authorisation, admission, validation. */
  readonly dryRun?: boolean | undefined;
}

export interface ApplyOptions extends WriteOptions {
  /** Whose fields these are. What the manager applied before and doesn't any more goes. */
  readonly fieldManager: string;
  /** Takes fields that other managers hold, instead of a Conflict. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions {
  /** Only this very object, not one that was made under its name since. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A request, and what came of it. */
export interface AnsweredRequest {
  /** As audit logs have it, in upper case: `GET`, `LIST`, `WATCH`, `POST`, `PUT`, `PATCH` or `DELETE`. */
  readonly verb: string;
  /** Plural; `other` for what is no resource. */
  readonly resource: string;
  /** HTTP status; 0 if there was no answer. */
  readonly code: number;
}

/** Events that came together on a watch. */
export interface ReceivedEvents {
  /** Plural. */
  readonly resource: string;
  /** Without bookmarks. */
  readonly count: number;
}

/** Told of what a client does. */
export interface ClientObserver {
  /** Of every request once its answer begins, or there is none. */
  readonly requested?: (request: AnsweredRequest) => void;
  readonly received?: (events: ReceivedEvents) => void;
}

// An answer may take long under load, yet not for ever.
const answerMs = 60_000;
// An API server sends a bookmark every minute: with nothing for so long, the connection is dead and nobody has said so.
const watchSilenceMs = 150_000;

/**
 * A thin client: one method for each thing that an API server can be asked for, on objects of any kind.
 *
 * Nothing is tried again (whoever calls knows what is worth it), but once after a refused credential was renewed. Every
 * method throws {@link ApiError} with the server's reason, or AccessError.
 *
 * @example
 *   const client = new KubernetesClient(findCluster({}));
 *   await client.apply(services, service, { fieldManager: "gatewright", force: true });
 */
export class KubernetesClient {
  readonly access: ClusterAccess;
  readonly #transport: Transport;
  readonly #observer: ClientObserver;

  constructor(access: ClusterAccess, observer: ClientObserver = {}) {
    this.access = access;
    this.#observer = observer;
    this.#transport = new Transport(access);
  }

  /** Undefined if there is no such object. */
  async get(resource: ApiResource, name: ObjectName, options: ReadOptions = {}): Promise<ApiObject | undefined> {
    try {
      const accept = options.metadataOnly === true ? metadata("PartialObjectMetadata") : json;
      return await this.#json({ ...options, resource, method: "GET", path: pathOf(resource, name), accept });
    } catch (error) {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Every page of a list. A page may fail with `Expired` when reading took longer than the server remembers. */
  async *list(resource: ApiResource, options: ListOptions = {}): AsyncGenerator<Page, void> {
    const { namespace, limit, metadataOnly, signal } = options;
    let next: string | undefined;
    do {
      const query = { ...selectors(options), limit, continue: next };
      const accept = metadataOnly === true ? metadata("PartialObjectMetadataList") : json;
      const path = withQuery(pathOf(resource, { namespace }), query);
      const page: List = await this.#json({ resource, verb: "LIST", method: "GET", path, accept, signal });
      const { resourceVersion = "", continue: more } = page.metadata ?? {};
      yield { items: page.items ?? [], resourceVersion };
      next = more || undefined;
    } while (next !== undefined);
  }

  /**
   * Events as they come, as many at a time as came together; first none, when the watch is up. Ends when the server ends it; throws `Expired` when the
   * version is no longer known, and `Unreachable` when the connection breaks.
   */
  async *watch(resource: ApiResource, options: WatchOptions): AsyncGenerator<readonly WatchEvent[], void> {
    const { namespace, resourceVersion, initialEvents, timeoutSeconds, metadataOnly, signal } = options;
    const query = {
      ...selectors(options),
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion,
      timeoutSeconds,
      ...(initialEvents === true && { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }),
    };
    const path = withQuery(pathOf(resource, { namespace }), query);
    const accept = metadataOnly === true ? metadata("PartialObjectMetadata") : json;
    const response = await this.#send({
      resource,
      verb: "WATCH",
      method: "GET",
      path,
      accept,
      signal,
      idleMs: watchSilenceMs,
    });
    try {
      yield [];
      for await (const documents of documentsOf<WatchEvent | ErrorEvent>(response)) {
        const failed = documents.findIndex((document) => document.type === "ERROR");
        const events = documents.filter((document): document is WatchEvent => document.type !== "ERROR");
        const count = events.filter(({ type }) => type !== "BOOKMARK").length;
        if (count > 0) this.#observer.received?.({ resource: resource.plural, count });
        if (failed === -1) yield events;
        else {
          if (failed > 0) yield events.slice(0, failed);
          throw errorOf(path, documents[failed]);
        }
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      throw error instanceof ApiError ? error : broken(path, error);
    } finally {
      response.destroy();
    }
  }

  create(resource: ApiResource, object: ApiObject, { signal }: WriteOptions = {}): Promise<ApiObject> {
    const path = pathOf(resource, { namespace: object.metadata.namespace });
    return this.#json({ resource, method: "POST", path, body: object, contentType: json, signal });
  }

  /** Writes a whole object; a Conflict if it has changed since `metadata.resourceVersion`. */
  replace(resource: ApiResource, object: ApiObject, { subresource, signal }: WriteOptions = {}): Promise<ApiObject> {
    const path = objectPath(resource, object.metadata, subresource);
    return this.#json({ resource, method: "PUT", path, body: object, contentType: json, signal });
  }

  /** Server-side apply: makes the object, or sets the fields that are given. */
  apply(resource: ApiResource, object: ApiObject, options: ApplyOptions): Promise<ApiObject> {
    const { fieldManager, force, subresource, signal } = options;
    const query = { fieldManager, ...(force === true && { force: "true" }) };
    const path = withQuery(objectPath(resource, object.metadata, subresource), query);
    // JSON is YAML.
    const contentType = "application/apply-patch+yaml";
    return this.#json({ resource, method: "PATCH", path, body: object, contentType, signal });
  }

  /** JSON merge patch (RFC 7386): null removes a field, a list replaces the list. */
  mergePatch(
    resource: ApiResource,
    name: ObjectName,
    patch: unknown,
    { subresource, dryRun, signal }: PatchOptions = {},
  ): Promise<ApiObject> {
    const query = { ...(dryRun === true && { dryRun: "All" }) };
    const path = withQuery(objectPath(resource, name, subresource), query);
    const contentType = "application/merge-patch+json";
    return this.#json({ resource, method: "PATCH", path, body: patch, contentType, signal });
  }

  /** @returns false if there was nothing to delete */
  async delete(resource: ApiResource, name: ObjectName, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, propagationPolicy, signal } = options;
    const body = {
      ...(propagationPolicy !== undefined && { propagationPolicy }),
      ...((uid ?? resourceVersion) !== undefined && { preconditions: { uid, resourceVersion } }),
    };
    try {
      await this.#json({ resource, method: "DELETE", path: pathOf(resource, name), body, contentType: json, signal });
      return true;
    } catch (error) {
      if (isReason(error, "NotFound")) return false;
      throw error;
    }
  }

  /** Anything else that is read, such as `/version` or `/apis`. */
  read<T>(path: string, { signal }: Pick<ReadOptions, "signal"> = {}): Promise<T> {
    return this.#json({ method: "GET", path, signal });
  }

  /** The same, of what isn't JSON: what a pod answers, for example, through the API server. */
  async readText(path: string, { signal }: Pick<ReadOptions, "signal"> = {}): Promise<string> {
    return await textOf(await this.#send({ method: "GET", path, signal, accept: "*/*" }));
  }

  /** By the API server's clock, to the second; undefined if its answer doesn't say. */
  async time({ signal }: Pick<ReadOptions, "signal"> = {}): Promise<Date | undefined> {
    const response = await this.#send({ method: "GET", path: "/version", signal });
    await textOf(response);
    const date = new Date(response.headers.date ?? "");
    return Number.isNaN(date.getTime()) ? undefined : date;
  }

  /** Ends all connections. */
  close(): void {
    this.#transport.close();
  }

  async #json<T>(request: Request): Promise<T> {
    const response = await this.#send(request);
    try {
      const answer: T = JSON.parse(await textOf(response));
      return answer;
    } catch (error) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      throw broken(request.path, error);
    }
  }

  async #send(request: Request): Promise<IncomingMessage> {
    const { method, path, body, contentType, accept = json, idleMs = answerMs, signal } = request;
    const exchange: Exchange = {
      method,
      path,
      headers: {
        accept,
        "user-agent": userAgent,
        ...(contentType !== undefined && { "content-type": contentType }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      idleMs,
      signal,
    };
    let response = await this.#exchange(request, exchange);
    if (response.statusCode === 401) {
      response.resume();
      this.access.refused();
      response = await this.#exchange(request, exchange);
    }
    const { statusCode = 0, headers } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    const text = await textOf(response).catch(() => "");
    throw apiErrorOf(`${method} ${path}`, statusCode, parsed(text), headers["retry-after"]);
  }

  async #exchange({ resource, verb, signal }: Request, exchange: Exchange): Promise<IncomingMessage> {
    const told = { verb: verb ?? exchange.method, resource: resource?.plural ?? "other" };
    try {
      const response = await this.#transport.exchange(exchange);
      this.#observer.requested?.({ ...told, code: response.statusCode ?? 0 });
      return response;
    } catch (error) {
      if (signal?.aborted !== true) this.#observer.requested?.({ ...told, code: 0 });
      throw error;
    }
  }
}

const json = "application/json";
const userAgent = "gatewright";

interface Request {
  readonly resource?: ApiResource;
  /** Where it is not the method. */
  readonly verb?: string;
  readonly method: Exchange["method"];
  readonly path: string;
  readonly accept?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly idleMs?: number;
  readonly signal?: AbortSignal | undefined;
}

interface List {
  readonly items?: readonly ApiObject[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

interface ErrorEvent {
  readonly type: "ERROR";
  readonly object: unknown;
}

function errorOf(path: string, event: WatchEvent | ErrorEvent | undefined): ApiError {
  const object: unknown = event?.object;
  const code = typeof object === "object" && object !== null && "code" in object ? Number(object.code) : 500;
  return apiErrorOf(`GET ${path}`, code, object);
}

function broken(path: string, cause: unknown): ApiError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ApiError(`GET ${path}: the connection broke: ${why}`, { reason: "Unreachable", status: 0, cause });
}

function metadata(as: "PartialObjectMetadata" | "PartialObjectMetadataList"): string {
  return `application/json;as=${as};g=meta.k8s.io;v=v1`;
}

function objectPath(resource: ApiResource, { namespace, name }: ObjectName, subresource: string | undefined): string {
  return pathOf(resource, { namespace, name, ...(subresource !== undefined && { subresource }) });
}

function selectors({ labelSelector, fieldSelector }: Selection): Query {
  return { labelSelector, fieldSelector };
}

type Query = Readonly<Record<string, string | number | undefined>>;

function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, String(value));
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += chunk;
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
