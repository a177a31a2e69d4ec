/**
 * How long one object that is as large as an API server takes keeps the controller from everything else: from its JSON to Envoy's
 * resources and status, in one piece. CPU time, which a busy machine takes longer for.
 *
 *     node bench/standalone/hostile.ts
 *
 * Exits with 1 where one takes longer than kubelet waits for an answer to a probe (a second, by default).
 */
import { parseArgs } from "node:util";
import { ControlPlane } from "../../src/control-plane/control-plane.ts";
import { inCluster } from "../../src/infrastructure/placement.ts";
import type { ApiObject } from "../../src/kubernetes/api-object.ts";
import { kinds } from "../../src/resources/kinds.ts";
import { keyOf } from "../../src/resources/object.ts";
import { decode } from "../../src/sources/kubernetes/decode.ts";
import type { ResourceChange } from "../../src/sources/source.ts";
import { bombs, hostileRoute, large } from "../../test/cluster/fixtures/hostile-objects.ts";
import { gateway, namespace } from "../../test/cluster/fixtures/shop.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import { report } from "../harness/report.ts";

const { values } = parseArgs({ options: commonOptions });
const flood = 10_000;
const gatewayClass = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: "gatewright" },
  spec: { controllerName: "gatewright.dev/gateway-controller" },
};
const listeners = [{ name: "web", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } }];
const backendRefs = [{ name: "nobody", port: 80 }];
/** One of very many, all on one hostname. */
const crowd = (index: number) =>
  hostileRoute(`crowd-${index}`, [{ matches: [{ path: { type: "PathPrefix", value: `/${index}` } }], backendRefs }], {
    hostnames: ["crowd.example.com"],
  });

const controlPlane = new ControlPlane({ placement: inCluster });
apply([gatewayClass, namespace, gateway([], { listeners })]);

const limits: Limit[] = [];
const rows = [...bombs, ...large].map((object) => measured(nameOf(object), [object]));
apply(Array.from({ length: flood }, (_, index) => hostileRoute(`flood-${index}`, [{ backendRefs }])));
rows.push(measured(`one route more than ${flood}`, [hostileRoute("one-more", [{ backendRefs }])]));
apply(Array.from({ length: 1_000 }, (_, index) => crowd(index)));
rows.push(measured("one route more than 1000 on its hostname", [crowd(1_000)]));
await report(outputOf(values.output), {
  benchmark: "hostile",
  tables: [{ headings: ["object", "bytes", "CPU"], rows }],
  limits,
});

function measured(what: string, objects: readonly object[]): readonly string[] {
  const json = JSON.stringify(objects);
  const before = process.cpuUsage();
  apply(JSON.parse(json));
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000;
  limits.push({ what: `${what}: ms`, value: milliseconds, atMost: 1_000 });
  return [what, String(json.length), `${milliseconds.toFixed(0)} ms`];
}

function apply(objects: readonly object[]): void {
  controlPlane.apply({ changes: objects.map((object) => change(object)), findings: new Map() });
}

function change(object: object): ResourceChange {
  const written: ApiObject = JSON.parse(JSON.stringify(object));
  const kind = kinds.find((candidate) => candidate.kind === written.kind);
  if (kind === undefined) throw new Error(`${written.kind} is no kind`);
  const raw = { ...written, metadata: { ...written.metadata, uid: nameOf(object) } };
  const decoded = decode(kind, raw, { contents: false });
  return {
    reference: decoded.reference,
    key: keyOf(raw),
    kind: kind.kind,
    object: decoded.object,
    locate: () => undefined,
  };
}

function nameOf(object: object): string {
  const { kind, metadata }: ApiObject = JSON.parse(JSON.stringify(object));
  return `${kind} ${metadata.name}`;
}
