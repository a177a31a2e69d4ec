import { explain } from "../explain/explain.ts";
import type { Explanation } from "../explain/explanation.ts";
import { parseQuestion, type RequestText } from "../explain/parse-request.ts";
import { stateKey } from "../gateway/placement.ts";
import type { ControlPlane } from "./control-plane.ts";

/**
 * Why a request would get the answer that it gets from what is served now.
 *
 * @throws RequestError
 */
export function explainWith(controlPlane: ControlPlane, text: RequestText): Explanation {
  const { resources, semantics, envoyOptions, refusals, proxies } = controlPlane;
  return explain(
    {
      resources,
      semantics,
      options: envoyOptions,
      findings: controlPlane.findings(),
      addressesOf: (socket) => (proxies.get(stateKey(socket))?.addresses ?? []).map(({ value }) => value),
      refusals: [...refusals.entries()].map(([, refusal]) => refusal),
      locate: (origin) => controlPlane.locate(origin),
    },
    parseQuestion(text),
  );
}
