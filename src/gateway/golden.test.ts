import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import { validationBootstrap } from "../envoy/validation-bootstrap.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { validate } from "../fleet/validate.ts";
import { createPlane, describeOutcome, put, readGoldens, remove, unread } from "./testing/golden.ts";

const goldens = await readGoldens();

describe("golden files", () => {
  for (const golden of goldens) {
    test(golden.name, () => {
      const plane = createPlane();
      put(plane, golden.objects);
      const outcome = describeOutcome(plane, golden);
      if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden.outputFile, outcome);
      equal(outcome, existsSync(golden.outputFile) ? readFileSync(golden.outputFile, "utf8") : "");
      deepEqual(unread(golden), []);
    });
  }
});

describe("the order in which objects come, and come again, makes no difference", () => {
  for (const golden of goldens) {
    test(golden.name, () => {
      const { objects } = golden;
      const whole = createPlane();
      put(whole, objects);
      const expected = describeOutcome(whole, golden);
      const order = fc.shuffledSubarray([...objects], { minLength: objects.length });
      const twice = fc.subarray([...objects]);
      fc.assert(
        fc.property(order, twice, (inOrder, again) => {
          const plane = createPlane();
          for (const object of inOrder) put(plane, [object]);
          for (const object of again) remove(plane, object);
          for (const object of again) put(plane, [object]);
          equal(describeOutcome(plane, golden), expected);
        }),
        { numRuns: 5 },
      );
    });

    test(`${golden.name}: nothing is left when everything is gone`, () => {
      const plane = createPlane();
      for (const object of golden.objects) put(plane, [object]);
      for (const object of golden.objects) remove(plane, object);
      equal(plane.envoyResources.size + plane.status.size, 0);
    });
  }
});

describe("Envoy accepts the meaning of", { concurrency: 2 }, async () => {
  const envoy = await resolveEnvoy();
  for (const golden of goldens) {
    test(golden.name, async () => {
      const plane = createPlane();
      put(plane, golden.objects);
      const resources = [...plane.envoyResources.entries()].map(([, resource]) => resource);
      const verdict = await validate(envoy.path, validationBootstrap(resources));
      deepEqual(
        {
          ...verdict,
          warnings: verdict.warnings.filter((warning) => !inProgress.some((part) => warning.startsWith(part))),
        },
        accepted,
      );
    });
  }
});

const accepted = { ok: true, warnings: [] };

/** What Envoy says of what is new in it. */
const inProgress = [
  // The only way to name a UDP proxy's cluster that is not deprecated.
  "field 'envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig.matcher' is marked as work-in-progress",
  // The only way to sample a share of the traces that clients record.
  "field 'envoy.extensions.tracers.opentelemetry.samplers.v3.CELSamplerConfig.expression' is marked as work-in-progress",
  "message 'xds.type.v3.CelExpression' is contained in proto file 'xds/type/v3/cel.proto' marked as work-in-progress",
];
