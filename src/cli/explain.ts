import type { Explanation } from "../explain/explanation.ts";
import type { RequestText } from "../explain/parse-request.ts";
import { chooseOrigin, type Origin, type OriginOptions } from "./choose-origin.ts";
import { isServed, printExplanation } from "./print-explanation.ts";
import { askInstance } from "./query-objects.ts";
import { UsageError } from "./usage-error.ts";

export interface ExplainOptions extends OriginOptions {
  readonly headers: readonly string[];
  readonly grpc?: string;
  readonly sni?: string;
  readonly clientIp?: string;
  readonly output: "text" | "json";
}

/**
 * Prints which answer a request gets, and why.
 *
 * @returns the exit code: 0 a route serves it, 1 none does, or it answers with an error
 * @throws UsageError
 */
export async function explain(method: string, url: string, options: ExplainOptions): Promise<0 | 1> {
  const { headers, grpc, sni, clientIp, output } = options;
  const text: RequestText = {
    method,
    url,
    headers,
    ...(grpc !== undefined && { grpc }),
    ...(sni !== undefined && { serverName: sni }),
    ...(clientIp !== undefined && { clientAddress: clientIp }),
  };
  const { RequestError, parseRequest } = await import("../explain/parse-request.ts");
  try {
    parseRequest(text);
  } catch (error) {
    if (error instanceof RequestError) throw new UsageError(error.message);
    throw error;
  }
  const explanation = await explanationFrom(await chooseOrigin(options), text);
  if (output === "json") process.stdout.write(`${JSON.stringify(explanation, undefined, 2)}\n`);
  else printExplanation(explanation, process.stdout);
  return isServed(explanation.answer) ? 0 : 1;
}

async function explanationFrom(origin: Origin, text: RequestText): Promise<Explanation> {
  switch (origin.from) {
    case "instance":
      return await askInstance(origin.address, `/api/v1/explain?${queryOf(text)}`, isExplanation);
    case "files": {
      const { readFiles } = await import("./read-files.ts");
      const { explainWith } = await import("../control-plane/explain-with.ts");
      return explainWith(await readFiles(origin.files), text);
    }
    case "cluster": {
      const { explainCluster } = await import("./explain-cluster.ts");
      return await explainCluster(origin.access, origin.namespace, text);
    }
  }
}

function queryOf({ method = "GET", url, headers, grpc, serverName, clientAddress }: RequestText): string {
  const query = new URLSearchParams({ method, url });
  for (const header of headers) query.append("header", header);
  if (grpc !== undefined) query.set("grpc", grpc);
  if (serverName !== undefined) query.set("serverName", serverName);
  if (clientAddress !== undefined) query.set("clientAddress", clientAddress);
  return query.toString();
}

function isExplanation(value: unknown): value is Explanation {
  return typeof value === "object" && value !== null && "answer" in value && "candidates" in value;
}
