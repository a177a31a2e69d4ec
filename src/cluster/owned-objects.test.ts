import { deepEqual, equal } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { managedBy } from "../infrastructure/names.ts";
import { FakeApiServer } from "../kubernetes/testing/fake-api-server.ts";
import { isOwnedBy, OwnedObjects, ownedKinds, ownedResources } from "./owned-objects.ts";

const owner = { kind: "Gateway", name: "public", uid: "a-uid" };

function owned(kind: (typeof ownedKinds)[number], rest: object = {}, name = "public-gatewright") {
  const { group, version } = ownedResources[kind];
  const metadata = { name, namespace: "edge", labels: managedBy, ownerReferences: [owner], uid: kind };
  return { apiVersion: group === "" ? version : `${group}/${version}`, kind, metadata, ...rest };
}

describe("what Gateways own", { timeout: 20_000 }, () => {
  let server: FakeApiServer;
  let objects: OwnedObjects;
  let told: (() => void) | undefined;
  const change = (make: () => void): Promise<void> =>
    new Promise((resolve) => {
      told = resolve;
      make();
    });

  before(async () => {
    server = await FakeApiServer.start();
    for (const kind of ownedKinds) server.put(owned(kind));
    objects = new OwnedObjects({ client: server.client(), changed: () => told?.(), failed: () => {} });
    await objects.ready;
  });
  after(async () => {
    await objects.close();
    await server.close();
  });

  test("is known by Gateway", () => {
    deepEqual(objects.owners(), ["edge/public"]);
    deepEqual(
      objects
        .of("edge/public")
        .map(([kind]) => kind)
        .sort(),
      [...ownedKinds],
    );
    const service = objects.get("Service", "edge", "public-gatewright");
    equal(service !== undefined && isOwnedBy(service, "a-uid"), true);
    equal(service !== undefined && isOwnedBy(service, "of a Gateway that had its name before"), false);
  });

  test("an answer to a write does not replace what the watch showed since", async () => {
    const answer = objects.get("Service", "edge", "public-gatewright");
    await change(() => server.put(owned("Service", { status: "given an address" })));
    if (answer !== undefined) objects.answered("Service", answer);
    equal(objects.get("Service", "edge", "public-gatewright")?.["status"], "given an address");
  });

  test("an answer counts until the watch shows the object, or that it is gone", async () => {
    const young = owned("Secret", {}, "young");
    objects.answered("Secret", { ...young, metadata: { ...young.metadata, resourceVersion: "1" } });
    equal(objects.get("Secret", "edge", "young")?.metadata.name, "young");
    await change(() => server.put(young));
    await change(() => server.remove(young));
    equal(objects.get("Secret", "edge", "young"), undefined);
  });
});
