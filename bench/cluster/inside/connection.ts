import { Agent, type IncomingMessage, request } from "node:http";

/** A request of a workload. */
export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface Answer {
  /** `none` where there was no answer. */
  readonly status: string;
  /** The pod that gave it. */
  readonly pod: string;
  /** Which backend and port gave it, and which configuration's headers request and answer have: `alpha:8080|a|b`. */
  readonly said: string;
}

/** A connection that is kept alive, for one request at a time. A lost one is made again. */
export function connection(address: string): {
  readonly ask: (asked: Asked) => Promise<Answer>;
  readonly close: () => void;
} {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async ({ host, path, method = "GET", headers = {} }: Asked): Promise<Answer> => {
    const response = await new Promise<IncomingMessage | undefined>((resolve) => {
      const sent = request({ host: address, path, method, headers: { ...headers, host }, agent }, resolve);
      sent.on("error", () => resolve(undefined));
      sent.end();
    });
    if (response === undefined) return { status: "none", pod: "", said: "" };
    response.resume();
    const whole = await new Promise<boolean>((resolve) => {
      response.on("close", () => resolve(response.complete));
    });
    const header = (name: string) => String(response.headers[name] ?? "none");
    return {
      status: whole ? String(response.statusCode) : "none",
      pod: header("x-pod"),
      said: ["x-backend", "x-seen", "x-answered"].map(header).join("|"),
    };
  };
  return { ask, close: () => agent.destroy() };
}
