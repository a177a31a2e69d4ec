import { drain as drainEnvoy } from "../fleet/drain.ts";
import { envoyAdmin } from "../fleet/envoy-admin.ts";

export interface DrainFlags {
  readonly adminSocket: string;
  /** In seconds. */
  readonly lameDuck: number;
  readonly drainTime: number;
}

/**
 * Drains the Envoy behind an admin socket, as a pod's preStop hook.
 *
 * @returns the exit code: 0 drained, 1 the time was over, 2 no Envoy answers
 */
export async function drain({ adminSocket, lameDuck, drainTime }: DrainFlags): Promise<number> {
  try {
    const { complete, connections, requests } = await drainEnvoy(envoyAdmin(adminSocket), {
      lameDuckMs: lameDuck * 1000,
      drainMs: drainTime * 1000,
    });
    if (complete) return 0;
    console.error(`gatewright: the time was over with ${connections} connections and ${requests} requests left`);
    return 1;
  } catch (error) {
    console.error(`gatewright: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}
