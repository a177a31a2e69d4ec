/**
 * What it costs to read and check HTTPRoutes: CPU milliseconds for 10,000 of them, and a share of it for each step.
 *
 *     node bench/standalone/reading.ts [--documents 10000]
 */
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { DocumentCache, readDocuments } from "../../src/resources/read-documents.ts";
import { quickParse } from "../../src/resources/text/quick-parse.ts";
import { commonOptions, outputOf } from "../harness/command-line.ts";
import { report } from "../harness/report.ts";

const { values } = parseArgs({ options: { ...commonOptions, documents: { type: "string", default: "10000" } } });
const count = Number(values.documents);
const documents = Array.from({ length: count }, (_, index) => httpRoute(index));
const whole = documents.join("---\n");
const wrong = documents.map((text) => text.replace("port: 8080", "prot: 8080"));
const oneFile = new DocumentCache();

const rows = [
  row("the first document (schemas, rules)", 1, () => readDocuments(documents[0] ?? "", "a.yaml")),
  row("parse, yaml package", documents.length, () => documents.map((text) => parse(text))),
  row("parse, quick parser", documents.length, () => documents.map((text) => quickParse(text))),
  row("read, one file each", documents.length, () => documents.map((text) => readDocuments(text, "a.yaml"))),
  row("read, all in one file", documents.length, () => readDocuments(whole, "all.yaml", oneFile)),
  row("read, one mistake in each", documents.length, () => wrong.map((text) => readDocuments(text, "wrong.yaml"))),
  row("one changed of all in one file", 1, () =>
    readDocuments(whole.replace("value: /\n", "value: /x\n"), "all.yaml", oneFile),
  ),
];
await report(outputOf(values.output), {
  benchmark: "reading",
  tables: [{ headings: ["step", "documents", "CPU ms", "µs a document"], rows }],
  limits: [],
});

function row(what: string, number: number, run: () => unknown): readonly string[] {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  const microseconds = user + system;
  return [what, String(number), (microseconds / 1000).toFixed(0), (microseconds / number).toFixed(0)];
}

function httpRoute(index: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-${index}
  namespace: team-${index % 100}
spec:
  parentRefs:
  - name: public
    namespace: edge
  hostnames:
  - host-${index}.example.com
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: /api
    backendRefs:
    - name: backend-${index}
      port: 8080
  - matches:
    - path:
        type: PathPrefix
        value: /
      headers:
      - name: x-canary
        value: "always"
    backendRefs:
    - name: backend-${index}
      port: 8080
`;
}
