import { deepEqual, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { seed } from "../../test/seed.ts";
import type { Request } from "./request.ts";
import { caseObjects, cases } from "./testing/differential-cases.ts";
import { fitsHttp2 } from "./testing/http2-client.ts";
import { generatedRequest, requestBytes } from "./testing/requests.ts";
import { type Outcome, type Rig, startRig } from "./testing/rig.ts";
import { type RouteSet, routeSet } from "./testing/route-sets.ts";

const setCount = 12;
const requestsPerSet = 850;
const http2PerSet = 100;

describe(`Envoy and explain agree (SEED=${seed})`, () => {
  let sets: readonly RouteSet[];
  /** By set. */
  let requests: readonly (readonly Request[])[];
  let rig: Rig;

  before(async () => {
    rig = await startRig((backendPort, data) => {
      sets = Array.from({ length: setCount }, (_, index) => sample(routeSet(index, backendPort), 1, index)).flat();
      const generated = sets.flatMap(({ objects }, index) => [...objects, secret(`set-${index}`, data)]);
      return [...generated, ...caseObjects, secret("cases", data)];
    });
    requests = sets.map(requestsOf);
  });
  after(() => rig.stop());

  test("the generated resources are valid, and there are enough of them", () => {
    deepEqual(rig.errors, []);
    ok(rig.rules > 10 * setCount, `only ${rig.rules} rules`);
  });

  for (const {
    name,
    host = "a.example.com",
    method = "GET",
    target = "/",
    headers = [],
    serverName,
    port,
    expected,
  } of cases) {
    test(name, async () => {
      const request: Request = {
        ...(serverName === undefined ? { scheme: "http" as const } : { scheme: "https" as const, serverName }),
        port: port ?? (serverName === undefined ? 8100 : 9100),
        host: "127.0.0.1",
        method,
        target,
        headers: [...(host === "none" ? [] : [{ name: "Host", value: host }]), ...headers],
      };
      const [answer] = await rig.ask([request]);
      deepEqual({ envoy: answer, explain: rig.predict(request) }, { envoy: expected, explain: [expected] });
    });
  }

  test(`${setCount * requestsPerSet} generated requests`, async () => {
    const all = requests.flat();
    deepEqual(disagreements(all, await rig.ask(all)), []);
  });

  test("those of them that fit, over HTTP/2", async () => {
    const fitting = requests.flatMap((ofSet) => ofSet.filter(fitsHttp2).slice(0, http2PerSet));
    ok(fitting.length > (setCount * http2PerSet) / 2, `only ${fitting.length} fit`);
    deepEqual(disagreements(fitting, await rig.askHttp2(fitting)), []);
  });

  function disagreements(asked: readonly Request[], answers: readonly Outcome[]): readonly string[] {
    return asked.flatMap((request, index) => {
      const predicted = rig.predict(request);
      const answer = answers[index];
      if (predicted.some((one) => isDeepStrictEqual(one, answer))) return [];
      const { port, serverName = "" } = request;
      const parts = [port, serverName, requestBytes(request), "explain", predicted, "Envoy", answer];
      return [parts.map((part) => JSON.stringify(part)).join(" ")];
    });
  }
});

function requestsOf({ ports }: RouteSet, index: number): readonly Request[] {
  return sample(generatedRequest, requestsPerSet, index).map((request) => ({
    ...request,
    host: "127.0.0.1",
    port: ports[request.scheme],
    clientAddress: "127.0.0.1",
  }));
}

function sample<Value>(arbitrary: fc.Arbitrary<Value>, numRuns: number, index: number): readonly Value[] {
  return fc.sample(arbitrary, { numRuns, seed: seed + index });
}

function secret(namespace: string, data: object): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { namespace, name: "certificate" },
    data,
  };
}
