/**
 * A request that somebody asks about, as a client would send it. Text stands for bytes, one character each, so that any
 * byte can be asked about; {@link bytesOf} makes it from what a person types.
 */
export interface Request {
  readonly scheme: "http" | "https";
  /** Where the connection goes: the URL's host, without brackets, and its port. */
  readonly host: string;
  readonly port: number;
  /** SNI of a TLS connection; absent for none. */
  readonly serverName?: string;
  readonly clientAddress?: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** In order, with Host; names in any case. */
  readonly headers: readonly RequestHeader[];
}

/** A connection (or, of UDP, datagrams) that somebody asks about. */
export interface Connection {
  readonly scheme: "tcp" | "tls" | "udp";
  readonly host: string;
  readonly port: number;
  readonly serverName?: string;
}

/** Whatever can be asked about. */
export type Question = Request | Connection;

export function isRequest(question: Question): question is Request {
  return question.scheme === "http" || question.scheme === "https";
}

export interface RequestHeader {
  readonly name: string;
  readonly value: string;
}

/** @example bytesOf("é")  // "Ã©" */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** What a person reads; bytes that are no UTF-8 come out as U+FFFD. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}
