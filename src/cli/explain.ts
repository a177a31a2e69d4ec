import type { Explanation } from "../explain/explanation.ts";
import type { RequestText } from "../explain/parse-request.ts";
import { chooseOrigin, type Origin, type OriginOptions } from "./choose-origin.ts";
import { explanationLines, isServed } from "./print-explanation.ts";
import { usesColours } from "./print-findings.ts";
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
 * @param words `METHOD URL`, or a URL alone
 * @returns the exit code: 0 a route serves it, 1 none does, or it answers with an error
 * @throws UsageError
 */
export async function explain(words: readonly string[], options: ExplainOptions): Promise<0 | 1> {
  const { headers, grpc, sni, clientIp, output } = options;
  const [method, url] = words.length === 1 ? ["GET", ...words] : words;
  if (method === undefined || url === undefined || words.length > 2) {
    throw new UsageError("Write METHOD URL, as in: gatewright explain GET http://shop.example.com/cart");
  }
  const text: RequestText = {
    method,
    url,
    headers,
    ...(grpc !== undefined && { grpc }),
    ...(sni !== undefined && { serverName: sni }),
    ...(clientIp !== undefined && { clientAddress: clientIp }),
  };
  const { RequestError, parseQuestion } = await import("../explain/parse-request.ts");
  try {
    parseQuestion(text);
  } catch (error) {
    if (error instanceof RequestError) throw new UsageError(error.message);
    throw error;
  }
  const explanation = await explanationFrom(await chooseOrigin(options), text);
  console.log(
    output === "json"
      ? JSON.stringify(explanation, undefined, 2)
      : explanationLines(explanation, usesColours(process.stdout)).join("\n"),
  );
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
