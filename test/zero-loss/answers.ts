/** What an answer says of how it came about. */
export interface Answer {
  readonly status: number;
  /** Written by a filter of the rule: which version of the route answered. */
  readonly version: number;
  /** What a filter of the rule added to the request, sent back by the backend; empty if there was none. */
  readonly added: string;
  /** The backend: its Service, and the how-many-th of its endpoints. */
  readonly service: string;
  readonly epoch: number;
}

export const VERSION_HEADER = "x-version";
export const ADDED_HEADER = "x-added";

/** @param body `SERVICE-EPOCH`, as backends answer */
export function answerOf(status: number, version: string | undefined, added: string | undefined, body: string): Answer {
  const dash = body.lastIndexOf("-");
  const said = { service: body.slice(0, Math.max(0, dash)), epoch: Number(body.slice(dash + 1)) };
  return { status, version: Number(version ?? Number.NaN), added: added ?? "", ...said };
}

/** What a version of the route may do. */
export interface RouteVersion {
  readonly version: number;
  readonly services: readonly string[];
  readonly added: string;
}

/**
 * Judges the answers of one connection, in the order of its requests: each must be one that its version of the route allows, and
 * neither the route nor a Service's endpoints may go back to a former state, since one thread of Envoy serves a connection.
 */
export class Judge {
  readonly #versions: ReadonlyMap<number, RouteVersion>;
  readonly #epochs = new Map<string, number>();
  #version = 0;

  /** @param versions every version that has been written so far */
  constructor(versions: ReadonlyMap<number, RouteVersion>) {
    this.#versions = versions;
  }

  /** The last that answered. */
  get version(): number {
    return this.#version;
  }

  epoch(service: string): number {
    return this.#epochs.get(service) ?? 0;
  }

  /** What is wrong with an answer, if anything. */
  judge(answer: Answer): string | undefined {
    const allowed = this.#versions.get(answer.version);
    const before = this.epoch(answer.service);
    const text = JSON.stringify(answer);
    if (answer.status !== 200) return `no 200: ${text}`;
    if (allowed === undefined) return `of a version that nobody wrote: ${text}`;
    if (!allowed.services.includes(answer.service)) return `misrouted, ${JSON.stringify(allowed)}: ${text}`;
    if (answer.added !== allowed.added) return `wrong filters, ${JSON.stringify(allowed)}: ${text}`;
    if (answer.version < this.#version) return `stale, version ${this.#version} has answered before: ${text}`;
    if (answer.epoch < before) return `stale, endpoint ${before} has answered before: ${text}`;
    this.#version = answer.version;
    this.#epochs.set(answer.service, answer.epoch);
    return undefined;
  }
}
