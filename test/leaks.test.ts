/**
 * Nothing is left of what is gone: everything comes, changes, is refused and goes, again and again, and the entries of all maps and
 * sets in the process are counted. What Envoy and the machine make of memory is measured by `bench/standalone/memory.ts`.
 */
import { ok } from "node:assert/strict";
import { Session } from "node:inspector";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { stringify } from "yaml";
import { createAuthority } from "../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../examples/seeds/make-certificates.ts";
import { ControlPlane } from "../src/control-plane/control-plane.ts";
import { recordRefusals } from "../src/control-plane/refusal-recorder.ts";
import { onThisMachine } from "../src/gateway/placement.ts";
import { readDocuments } from "../src/resources/read-documents.ts";
import { ObjectTable } from "../src/sources/files/object-table.ts";
import { Delivery } from "../src/xds/delivery.ts";
import { FakeClock } from "../src/xds/testing/fake-clock.ts";
import { PlayedEnvoy } from "../src/xds/testing/played-envoy.ts";
import { endpointSlice, gateway, gatewayClass, httpRoute, type Resource, service } from "./e2e/harness/resources.ts";
import { stepFilter } from "./e2e/harness/steps.ts";

const proxy = "local";

/** Entries of all maps and sets of this process that somebody still holds, after a full collection. */
function countEntries(): number {
  const session = new Session();
  session.connect();
  try {
    return ["Map", "Set"].reduce((sum, name) => sum + entriesOf(session, name), 0);
  } finally {
    session.disconnect();
  }
}

function entriesOf(session: Session, kind: string): number {
  let count = Number.NaN;
  session.post("Runtime.evaluate", { expression: `${kind}.prototype` }, (_error, { result }) => {
    session.post("Runtime.queryObjects", { prototypeObjectId: result.objectId ?? "" }, (_failed, { objects }) => {
      // The prototype itself is among them, and has no size.
      const functionDeclaration = `function () { return this.reduce((sum, one) => sum + (one === ${kind}.prototype ? 0 : one.size), 0); }`;
      const called = { objectId: objects.objectId ?? "", functionDeclaration };
      session.post("Runtime.callFunctionOn", { ...called, returnByValue: true }, (_wrong, answer) => {
        count = answer === undefined ? Number.NaN : Number(answer.result.value);
      });
    });
  });
  return count;
}

test("as many entries are held after 1,500 changes as after 150", async () => {
  const authority = await createAuthority();
  const pairs = await Promise.all(["a.example.com", "b.example.com"].map((name) => authority.issue([name])));
  const controlPlane = new ControlPlane({ placement: onThisMachine(proxy) });
  const clock = new FakeClock();
  const delivery = new Delivery({
    resources: controlPlane.envoyResources,
    knows: () => true,
    clock,
    observer: recordRefusals(controlPlane.refusals, {}),
  });
  const envoy = new PlayedEnvoy(delivery, {
    resources: controlPlane.envoyResources,
    proxy,
    refuses: ({ resources }) => resources.some(({ value }) => value.includes("poison")),
  });
  const table = new ObjectTable();
  // What checks remember of values is bounded, and full only after thousands of them: all are read once before it counts.
  let applies = false;
  const writeText = (file: string, text: string): void => {
    const documents = readDocuments(text, file);
    if (!applies) return;
    controlPlane.apply(table.apply([{ file, documents }]));
    envoy.answer();
  };
  const write = (file: string, ...resources: readonly Resource[]): void =>
    writeText(file, resources.map((resource) => stringify(resource)).join("---\n"));

  const http = { name: "http", port: 80, protocol: "HTTP" };
  const tls = { mode: "Terminate", certificateRefs: [{ name: "changing" }] };
  const always = [http, { name: "https", port: 443, protocol: "HTTPS", tls }];
  const round = (number: number): void => {
    const name = `s-${number}`;
    const host = `h-${number}.example.com`;
    const endpoints = (port: number) =>
      write("service.yaml", service(name), endpointSlice(name, port, [{ address: "127.0.0.1" }]));
    endpoints(1);
    write("route.yaml", httpRoute(name, host, [{ name }], [stepFilter("1")]));
    endpoints(2);
    write("route.yaml", httpRoute(name, `*.${host}`, [{ name }], [stepFilter("2")]));
    write("route.yaml", httpRoute(name, host, [{ name }], [stepFilter(`poison ${number}`)]));
    write("broken.yaml", { ...httpRoute(name, host, [{ name }]), spec: { rules: number } });
    writeText("secret.yaml", tlsSecret("default", "changing", pairs[number % 2] ?? { cert: "", key: "" }));
    write(
      "gateway.yaml",
      gatewayClass(),
      gateway("edge", [...always, { name, port: 1000 + number, protocol: "HTTP" }]),
    );
    if (number % 10 === 0) envoy.reconnect(delivery);
    envoy.answer();
    for (const file of ["route.yaml", "service.yaml", "broken.yaml", "secret.yaml"]) writeText(file, "");
    write("gateway.yaml", gatewayClass(), gateway("edge", always));
    clock.advance(10_000);
    envoy.answer();
  };

  for (let number = 0; number < 100; number += 1) round(number);
  applies = true;
  for (let number = 0; number < 10; number += 1) round(number);
  // Node keeps what weak references led to until the present task ends.
  await turn();
  const before = countEntries();
  for (let number = 10; number < 100; number += 1) round(number);
  await turn();
  const after = countEntries();
  ok(before > 100, `${before} entries of maps and sets were found`);
  ok(after - before < 45, `${after - before} entries more after 90 rounds more, of ${before}`);
});
