import type { KubernetesClient } from "../kubernetes/client.ts";
import type { Facts } from "./facts.ts";

/** HTTP's Date is cut to the second. */
const resolutionMs = 1000;

/** This machine's time, and how far the API server's is from it. */
export async function readClock(
  client: Pick<KubernetesClient, "time">,
  now: () => Date = () => new Date(),
): Promise<Pick<Facts, "now" | "serverClock">> {
  const asked = now();
  const told = await client.time();
  const answered = now();
  if (told === undefined) return { now: answered };
  const middle = (asked.getTime() + answered.getTime()) / 2;
  const accuracyMs = (answered.getTime() - asked.getTime()) / 2 + resolutionMs / 2;
  return { now: answered, serverClock: { aheadMs: told.getTime() + resolutionMs / 2 - middle, accuracyMs } };
}
