import { isIP } from "node:net";

export const defaultAdminAddress = "127.0.0.1:9911";

/** Where the admin server listens. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

/** An address that can't be listened on, with what to do about it. */
export class AdminAddressError extends Error {}

/**
 * @param text `HOST:PORT` or `[IPv6]:PORT`; port 0 is any free one
 * @throws AdminAddressError
 */
export function parseAdminAddress(text: string): AdminAddress {
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.["ipv6"] ?? match?.groups?.["host"];
  const port = Number(match?.groups?.["port"]);
  if (host === undefined || port > 65_535) {
    throw new AdminAddressError(`--admin-address ${text} is not HOST:PORT, as in ${defaultAdminAddress}.`);
  }
  return { host, port };
}

/** Why an address can't be listened on, for the person who chose it. */
export function listenError(text: string, error: unknown): AdminAddressError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const advice = "Choose another one with --admin-address HOST:PORT.";
  if (code === "EADDRINUSE") {
    return new AdminAddressError(
      `The admin address ${text} is in use; another Gatewright may be running there. ${advice}`,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new AdminAddressError(`The admin address ${text} can't be listened on: ${reason}. ${advice}`);
}

/**
 * Whether a request's Host header names this server in a way that no name server decides.
 *
 * A web page can make its own name point to 127.0.0.1 and read what answers there (DNS rebinding); it can't make a
 * browser send an IP address or `localhost` as Host.
 */
export function isOwnHost(header: string | undefined, own: string): boolean {
  const name = (header ?? "")
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return name === "localhost" || name === own.toLowerCase() || isIP(name) !== 0;
}
