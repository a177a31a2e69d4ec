import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { Batch } from "./batch.ts";
import { resource } from "./testing/fixture.ts";
import { Shared } from "./testing/shared.ts";
import { CLUSTER } from "./type-url.ts";
import { Warming } from "./warming.ts";

const PATIENCE = 1_000;

function warming(): { readonly subject: Warming; readonly warm: readonly string[] } {
  const warm: string[] = [];
  return { subject: new Warming({ shared: () => new Shared() }, PATIENCE, (cluster) => warm.push(cluster)), warm };
}

function batch(name: string, endpoints?: string): Batch {
  return new Batch(CLUSTER, new Map([[name, resource(CLUSTER, name, endpoints === undefined ? {} : { endpoints })]]));
}

describe("a cluster is warm", () => {
  test("when it and endpoints sent after it are acknowledged, in either order", () => {
    const { subject, warm } = warming();
    subject.endpointsAcknowledged(new Set(["a"]), 1);
    subject.clustersSent(batch("a", "a"), 2, 0);
    subject.clustersAcknowledged(2);
    deepEqual(warm, []);
    subject.endpointsAcknowledged(new Set(["a"]), 3);
    deepEqual(warm, ["a"]);
    subject.clustersSent(batch("b", "b"), 4, 0);
    subject.endpointsAcknowledged(new Set(["b"]), 5);
    deepEqual(warm, ["a"]);
    subject.clustersAcknowledged(4);
    deepEqual(warm, ["a", "b"]);
    deepEqual([...subject.names()], []);
  });

  test("without endpoints of its own, when it is acknowledged", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("dns"), 1, 0);
    subject.clustersAcknowledged(1);
    deepEqual(warm, ["dns"]);
  });

  test("still, while another version of it warms or is refused", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("a"), 1, 0);
    subject.clustersAcknowledged(1);
    subject.clustersSent(batch("a", "a"), 2, 0);
    equal(subject.isWarm("a"), true);
    deepEqual([...subject.names()], ["a"]);
    subject.clustersRefused(2);
    equal(subject.isWarm("a"), true);
    deepEqual([...subject.names()], []);
    deepEqual(warm, ["a"]);
  });

  test("no more, once it is removed", () => {
    const { subject } = warming();
    subject.clustersSent(batch("a"), 1, 0);
    subject.clustersAcknowledged(1);
    subject.clustersSent(new Batch(CLUSTER, new Map([["a", undefined]])), 2, 0);
    equal(subject.isWarm("a"), false);
  });

  test("in the version before a refused one", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("a", "a"), 1, 0);
    subject.clustersAcknowledged(1);
    subject.clustersSent(batch("a", "a"), 2, 0);
    subject.clustersRefused(2);
    deepEqual(warm, []);
    subject.endpointsAcknowledged(new Set(["a"]), 3);
    deepEqual(warm, ["a"]);
  });

  test("in the version before a refused one of another kind, if its endpoints came meanwhile", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("a", "a"), 1, 0);
    subject.clustersAcknowledged(1);
    subject.clustersSent(batch("a"), 2, 0);
    subject.endpointsAcknowledged(new Set(["a"]), 3);
    deepEqual(warm, []);
    subject.clustersRefused(2);
    deepEqual(warm, ["a"]);
    deepEqual([...subject.names()], []);
  });

  test("not in a version that was replaced before its endpoints came", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("a", "a"), 1, 0);
    subject.clustersAcknowledged(1);
    subject.clustersSent(batch("a"), 2, 0);
    subject.endpointsAcknowledged(new Set(["a"]), 3);
    deepEqual(warm, []);
    subject.clustersAcknowledged(2);
    deepEqual(warm, ["a"]);
  });

  test("by its endpoints alone, when the acknowledgement takes too long", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("slow"), 1, 0);
    subject.clustersSent(batch("a", "a"), 1, 0);
    subject.endpointsAcknowledged(new Set(["a"]), 2);
    equal(subject.nextExpiry(0), PATIENCE);
    subject.expire(PATIENCE - 1);
    deepEqual(warm, []);
    subject.expire(PATIENCE);
    deepEqual(warm, ["a"]);
    equal(subject.nextExpiry(PATIENCE), undefined);
  });

  test("from an earlier stream, when Envoy answers anything about clusters", () => {
    const { subject, warm } = warming();
    subject.clustersAdopted(batch("a", "a"), 0);
    subject.clustersAdopted(batch("new", "new"), 0);
    subject.endpointsAdopted(new Set(["a"]));
    deepEqual(warm, []);
    subject.clustersAnswered();
    deepEqual(warm, ["a"]);
    subject.endpointsAcknowledged(new Set(["new"]), 1);
    deepEqual(warm, ["a", "new"]);
    subject.endpointsAdopted(new Set(["late"]));
    subject.clustersAdopted(batch("late", "late"), 0);
    deepEqual(warm, ["a", "new", "late"]);
  });

  test("from an earlier stream, not because its answer takes long: its endpoints may be older than it", () => {
    const { subject, warm } = warming();
    subject.clustersAdopted(batch("a", "shared"), 0);
    subject.endpointsAdopted(new Set(["shared"]));
    equal(subject.nextExpiry(0), undefined);
    subject.expire(PATIENCE);
    deepEqual(warm, []);
    subject.clustersAnswered();
    deepEqual(warm, ["a"]);
  });

  test("not with endpoints from an earlier stream, if it came on this one", () => {
    const { subject, warm } = warming();
    subject.clustersSent(batch("a", "shared"), 1, 0);
    subject.clustersAcknowledged(1);
    subject.endpointsAdopted(new Set(["shared"]));
    deepEqual(warm, []);
    deepEqual([...subject.awaited()], ["shared"]);
  });
});
