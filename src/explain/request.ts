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
