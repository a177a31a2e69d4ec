import { httpClient } from "./http-client.ts";

/** Requests that never stop, on connections that are kept: what users notice of a change. */
export interface Load {
  /** Requests answered so far. */
  answered(): number;
  /** Everything that was no 200, in words. */
  failures(): readonly string[];
  /** Ends it, and gives the failures. */
  stop(): Promise<readonly string[]>;
}

/**
 * Sends GET / to a host without a pause, on some connections at once, for at most five minutes: longer than any test takes on a busy machine.
 *
 * @param options.ca speak TLS, with this authority
 */
export function startLoad(
  port: number,
  host: string,
  options: { readonly ca?: string; readonly connections?: number } = {},
): Load {
  const connections = options.connections ?? 4;
  const client = httpClient(port, { ...(options.ca !== undefined && { ca: options.ca }), connections });
  const failures: string[] = [];
  const deadline = Date.now() + 300_000;
  let answered = 0;
  const end = new AbortController();
  const worker = async () => {
    while (!end.signal.aborted && Date.now() < deadline) {
      try {
        const { status, body } = await client.send({ host });
        answered++;
        if (status !== 200) failures.push(`${new Date().toISOString()} ${host}: ${status} ${body}`);
      } catch (error) {
        failures.push(`${new Date().toISOString()} ${host}: ${String(error)}`);
      }
    }
  };
  const workers = Promise.all(Array.from({ length: connections }, worker));
  return {
    answered: () => answered,
    failures: () => failures,
    stop: async () => {
      end.abort();
      await workers;
      client.close();
      return failures;
    },
  };
}
