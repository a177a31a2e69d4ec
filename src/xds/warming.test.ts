import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { Warming } from "./warming.ts";

const PATIENCE = 1_000;

function warming(): { readonly subject: Warming; readonly warm: readonly string[] } {
  const warm: string[] = [];
  return { subject: new Warming({ shared: () => new Map() }, PATIENCE, (cluster) => warm.push(cluster)), warm };
}

describe("a cluster is warm", () => {
  test("when it and endpoints sent after it are acknowledged, in either order", () => {
    const { subject, warm } = warming();
    subject.endpointsAcknowledged("a", 1);
    subject.clusterSent("a", 2, "a", 0);
    subject.clusterAcknowledged("a", 2);
    deepEqual(warm, []);
    subject.endpointsAcknowledged("a", 3);
    deepEqual(warm, ["a"]);
    subject.clusterSent("b", 4, "b", 0);
    subject.endpointsAcknowledged("b", 5);
    deepEqual(warm, ["a"]);
    subject.clusterAcknowledged("b", 4);
    deepEqual(warm, ["a", "b"]);
    deepEqual([...subject.names()], []);
  });

  test("without endpoints of its own, when it is acknowledged", () => {
    const { subject, warm } = warming();
    subject.clusterSent("dns", 1, undefined, 0);
    subject.clusterAcknowledged("dns", 1);
    deepEqual(warm, ["dns"]);
  });

  test("still, while another version of it warms or is refused", () => {
    const { subject, warm } = warming();
    subject.clusterSent("a", 1, undefined, 0);
    subject.clusterAcknowledged("a", 1);
    subject.clusterSent("a", 2, "a", 0);
    equal(subject.isWarm("a"), true);
    deepEqual([...subject.names()], ["a"]);
    subject.clusterRefused("a", 2);
    equal(subject.isWarm("a"), true);
    deepEqual([...subject.names()], []);
    deepEqual(warm, ["a"]);
  });

  test("no more, once it is removed", () => {
    const { subject } = warming();
    subject.clusterSent("a", 1, undefined, 0);
    subject.clusterAcknowledged("a", 1);
    subject.clusterRemoved("a");
    equal(subject.isWarm("a"), false);
  });

  test("in the version before a refused one", () => {
    const { subject, warm } = warming();
    subject.clusterSent("a", 1, "a", 0);
    subject.clusterAcknowledged("a", 1);
    subject.clusterSent("a", 2, "a", 0);
    subject.clusterRefused("a", 2);
    deepEqual(warm, []);
    subject.endpointsAcknowledged("a", 3);
    deepEqual(warm, ["a"]);
  });

  test("not in a version that was replaced before its endpoints came", () => {
    const { subject, warm } = warming();
    subject.clusterSent("a", 1, "a", 0);
    subject.clusterAcknowledged("a", 1);
    subject.clusterSent("a", 2, undefined, 0);
    subject.endpointsAcknowledged("a", 3);
    deepEqual(warm, []);
    subject.clusterAcknowledged("a", 2);
    deepEqual(warm, ["a"]);
  });

  test("by its endpoints alone, when the acknowledgement takes too long", () => {
    const { subject, warm } = warming();
    subject.clusterSent("slow", 1, undefined, 0);
    subject.clusterSent("a", 1, "a", 0);
    subject.endpointsAcknowledged("a", 2);
    equal(subject.nextExpiry(0), PATIENCE);
    subject.expire(PATIENCE - 1);
    deepEqual(warm, []);
    subject.expire(PATIENCE);
    deepEqual(warm, ["a"]);
    equal(subject.nextExpiry(PATIENCE), undefined);
  });

  test("from an earlier stream, when Envoy answers anything about clusters", () => {
    const { subject, warm } = warming();
    subject.clusterAdopted("a", "a", 0);
    subject.clusterAdopted("new", "new", 0);
    subject.endpointsAdopted("a");
    deepEqual(warm, []);
    subject.clustersAnswered();
    deepEqual(warm, ["a"]);
    subject.endpointsAcknowledged("new", 1);
    deepEqual(warm, ["a", "new"]);
    subject.endpointsAdopted("late");
    subject.clusterAdopted("late", "late", 0);
    deepEqual(warm, ["a", "new", "late"]);
  });

  test("not with endpoints from an earlier stream, if it came on this one", () => {
    const { subject, warm } = warming();
    subject.clusterSent("a", 1, "shared", 0);
    subject.clusterAcknowledged("a", 1);
    subject.endpointsAdopted("shared");
    deepEqual(warm, []);
    equal(subject.awaits("shared"), true);
    equal(subject.awaits("other"), false);
  });
});
