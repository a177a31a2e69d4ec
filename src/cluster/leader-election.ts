import { setTimeout as wait } from "node:timers/promises";
import { isReason } from "../kubernetes/api-error.ts";
import type { ApiObject, ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { microTime } from "../kubernetes/micro-time.ts";

export interface LeaderElectionOptions {
  readonly client: Pick<KubernetesClient, "get" | "create" | "replace">;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Who we are: unique among replicas. */
  readonly identity: string;
  readonly started: () => void;
  /** Not the leader any more: nothing may be written from now on. */
  readonly stopped: () => void;
  readonly failed: (error: unknown) => void;
  readonly timing?: Partial<LeaseTiming>;
}

/** client-go's own, so that whoever runs controllers knows what to expect. */
export interface LeaseTiming {
  /** Others wait so long without a renewal before they take over. */
  readonly leaseMs: number;
  /** The leader gives up when it could not renew for so long: before others take over. */
  readonly renewMs: number;
  readonly retryMs: number;
}

const defaults: LeaseTiming = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

const leases: ApiResource = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
};

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/**
 * Takes part in the election of one leader until it is aborted, and gives the lease back then.
 *
 * Time is measured by our own clock only: a lease is over when nobody was seen to renew it for as long as it lasts.
 */
export async function takePart(options: LeaderElectionOptions, signal: AbortSignal): Promise<void> {
  const { leaseMs, renewMs, retryMs } = { ...defaults, ...options.timing };
  let seen = { renewTime: "", holder: "", at: performance.now() };
  let renewedAt: number | undefined;
  let lease: (ApiObject & { readonly spec?: LeaseSpec }) | undefined;

  const lose = (): void => {
    if (renewedAt === undefined) return;
    renewedAt = undefined;
    options.stopped();
  };

  while (!signal.aborted) {
    const asked = performance.now();
    try {
      // The leader writes against the version that it wrote last; only who is not has to look.
      if (renewedAt === undefined || lease === undefined) {
        lease = await options.client.get(leases, options, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(renewMs)]),
        });
      }
      const { holderIdentity: holder = "", renewTime = "", leaseDurationSeconds } = lease?.spec ?? {};
      if (renewTime !== seen.renewTime || holder !== seen.holder) seen = { renewTime, holder, at: asked };
      const lasts = leaseDurationSeconds === undefined ? leaseMs : leaseDurationSeconds * 1000;
      const free = holder === "" || holder === options.identity || asked - seen.at > lasts;
      if (free) {
        lease = await write(options, lease, leaseMs, AbortSignal.any([signal, AbortSignal.timeout(renewMs)]));
        if (renewedAt === undefined) options.started();
        renewedAt = asked;
      } else lose();
    } catch (error) {
      lease = undefined;
      if (isReason(error, "Conflict", "AlreadyExists")) lose();
      else if (!signal.aborted) options.failed(error);
    }
    if (renewedAt !== undefined && performance.now() - renewedAt > renewMs) lose();
    await wait(retryMs, undefined, { signal }).catch(() => {});
  }
  const wasLeader = renewedAt !== undefined;
  lose();
  if (wasLeader && lease !== undefined) await giveBack(options, lease).catch(() => {});
}

async function write(
  { client, namespace, name, identity }: LeaderElectionOptions,
  lease: (ApiObject & { readonly spec?: LeaseSpec }) | undefined,
  leaseMs: number,
  signal: AbortSignal,
): Promise<ApiObject> {
  const now = microTime();
  const before = lease?.spec ?? {};
  const renewed = before.holderIdentity === identity;
  const spec: LeaseSpec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.round(leaseMs / 1000)),
    acquireTime: renewed ? (before.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (before.leaseTransitions ?? 0) + (renewed || lease === undefined ? 0 : 1),
  };
  if (lease !== undefined) return await client.replace(leases, { ...lease, spec }, { signal });
  const metadata = { name, namespace };
  return await client.create(
    leases,
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec },
    { signal },
  );
}

/** The next leader need not wait. */
async function giveBack(
  { client }: LeaderElectionOptions,
  lease: ApiObject & { readonly spec?: LeaseSpec },
): Promise<void> {
  const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime() };
  await client.replace(leases, { ...lease, spec }, { signal: AbortSignal.timeout(2_000) });
}
