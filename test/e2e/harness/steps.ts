import { equal } from "node:assert/strict";
import type { Echo } from "../../../examples/backends/http-echo.ts";
import type { HttpClient } from "./http-client.ts";
import type { Resource } from "./resources.ts";
import { eventually } from "./wait.ts";

const HEADER = "X-Step";

/** A filter of a rule that writes into each answer which version of the rule gave it. */
export function stepFilter(step: string): Resource {
  return { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: HEADER, value: step }] } };
}

/**
 * Waits for the first answer that a version of a rule gives, and returns a way to ask just that version: Envoy's threads
 * take a change one after the other, so that a few answers may still be of the version before.
 */
export async function whenServing(client: HttpClient, host: string, step: string): Promise<() => Promise<Echo>> {
  const send = () => client.send({ host });
  await eventually(async () => equal((await send()).headers[HEADER.toLowerCase()], step));
  return async () => {
    for (;;) {
      const response = await send();
      if (response.headers[HEADER.toLowerCase()] === step) return response.echo();
    }
  };
}
