import { type Certificates, certificatesOfWorlds, changeWorld, type KindOfChange } from "./change-world.ts";
import { type Cost, startCountedCluster } from "./counted-cluster.ts";

/** What one kind of change costs where there are so many other routes. */
export interface CostAtSize {
  readonly routes: number;
  readonly cost: Cost;
  /** Time of the controller's main thread from the batch of events to configuration and status, in milliseconds. */
  readonly transactionMs: number;
}

export interface CostOfChange {
  readonly change: KindOfChange;
  readonly atSizes: readonly CostAtSize[];
}

/** Makes one change of each kind among so many routes, size by size. */
export async function costsOfChanges(
  sizes: readonly number[],
  progress: (message: string) => void = () => {},
): Promise<readonly CostOfChange[]> {
  const certificates = await certificatesOfWorlds();
  const told = await statusOfOthers(certificates);
  const found = new Map<string, CostOfChange>();
  for (const routes of sizes) {
    progress(`${routes} routes`);
    const { objects, gateway, changes } = changeWorld(routes, certificates, told);
    const cluster = await startCountedCluster(objects, gateway);
    for (const change of changes) {
      const atSize = { routes, ...(await cluster.cost(change.make)) };
      const { atSizes = [] } = found.get(change.kind) ?? {};
      found.set(change.kind, { change, atSizes: [...atSizes, atSize] });
    }
    await cluster.stop();
  }
  return [...found.values()];
}

/** What a change costs whatever there is besides: without what it costs for each other route, where that can't be helped. */
export function flatCost({ derivationsOfEachRoute = 0 }: KindOfChange, { cost, routes }: CostAtSize): Cost {
  return { ...cost, derivations: cost.derivations - derivationsOfEachRoute * routes };
}

/** Other routes differ in nothing that their status tells: what two of them are told is what all are. */
async function statusOfOthers(certificates: Certificates): Promise<readonly unknown[]> {
  const { objects, others, gateway } = changeWorld(2, certificates);
  const cluster = await startCountedCluster(objects, gateway);
  const statuses = others.map((route) => cluster.server.get(route)?.["status"]);
  await cluster.stop();
  return statuses;
}
