import type { TestCluster } from "../../test/cluster/cluster.ts";
import { type AuditedRequest, auditedRequests, isWrite } from "../../test/cluster/fixtures/audit-log.ts";

/** What a control plane has asked of the API server since the cluster began; leases are left out. */
export interface ApiUsage {
  /** All that it asked for, watches counted when they begin and when they end. */
  readonly requests: number;
  /** Those that change something, dry runs and refused ones included. */
  readonly writes: number;
  /** Writes of a status that succeeded, by resource. */
  readonly statusWrites: Readonly<Record<string, number>>;
}

/** Counted from the API server's audit log, in which `users` of the implementation are. */
export function apiUsage(cluster: Pick<TestCluster, "folder">): ApiUsage {
  const requests = auditedRequests(cluster).filter(({ objectRef }) => objectRef?.resource !== "leases");
  const statusWrites: Record<string, number> = {};
  for (const { objectRef } of requests.filter(isStatusWrite)) {
    const resource = objectRef?.resource ?? "";
    statusWrites[resource] = (statusWrites[resource] ?? 0) + 1;
  }
  return { requests: requests.length, writes: requests.filter(isWrite).length, statusWrites };
}

/** What was asked since. */
export function usageSince(before: ApiUsage, now: ApiUsage): ApiUsage {
  const statusWrites = Object.entries(now.statusWrites).map(
    ([resource, count]) => [resource, count - (before.statusWrites[resource] ?? 0)] as const,
  );
  return {
    requests: now.requests - before.requests,
    writes: now.writes - before.writes,
    statusWrites: Object.fromEntries(statusWrites),
  };
}

function isStatusWrite(request: AuditedRequest): boolean {
  const { objectRef, responseStatus } = request;
  return isWrite(request) && objectRef?.subresource === "status" && responseStatus?.code === 200;
}
