import { run } from "./programs.ts";

export interface CurlResponse {
  /** 200; 0 if there was no answer. */
  readonly status: number;
  /** "HTTP/1.1" or "HTTP/2". */
  readonly version: string;
  /** Lower-case names; several values joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** curl's exit code, and what it said. */
  readonly code: number;
  readonly stderr: string;
}

/** Connects to a port of 127.0.0.1 whatever the URL says, which keeps Host, SNI and Location as users see them. */
export function connectTo(url: string, port: number): readonly string[] {
  const { hostname, protocol, port: written } = new URL(url);
  const from = written === "" ? (protocol === "https:" ? "443" : "80") : written;
  return ["--connect-to", `${hostname}:${from}:127.0.0.1:${port}`];
}

/**
 * One request with curl, its redirects not followed.
 *
 * @example await curl("http://app.example.com/", gateway.port(80), "-H", "X-Version: v2")
 */
export async function curl(url: string, port: number, ...args: readonly string[]): Promise<CurlResponse> {
  const settings = ["--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "20"];
  const { stdout, stderr, code } = await run("curl", [...settings, ...connectTo(url, port), ...args, url]);
  const end = stdout.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = stdout.slice(0, end === -1 ? 0 : end).split("\r\n");
  const [version = "", status = "0"] = statusLine.split(" ");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { status: Number(status), version, headers, body: end === -1 ? stdout : stdout.slice(end + 4), code, stderr };
}
