import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { topologyOfFiles } from "../cli/read-files.ts";
import { topologyOf } from "../control-plane/topology-of.ts";
import { createPlane, put } from "../gateway/testing/golden.ts";
import { objectsOf } from "../resources/testing/objects-of.ts";
import { topologyDot } from "./dot.ts";
import { topologyMermaid } from "./mermaid.ts";
import { restrict } from "./restrict.ts";
import { topologySvg } from "./svg.ts";
import { topologyText } from "./text.ts";
import type { Topology } from "./topology.ts";

const root = join(import.meta.dirname, "..", "..");

function read(...files: readonly string[]): Topology {
  const plane = createPlane();
  put(
    plane,
    files.flatMap((file) => objectsOf(readFileSync(join(root, file), "utf8"), file)),
  );
  return topologyOf(plane);
}

/** Compares with a file, or writes it where UPDATE_GOLDEN is set. */
function golden(file: string, text: string): void {
  const path = join(root, file);
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(path, `${text}\n`);
  equal(`${text}\n`, readFileSync(path, "utf8"), `${file} is not current: UPDATE_GOLDEN=1 rewrites it`);
}

const shop = read("src/graph/testdata/shop.yaml");

describe("a shop in which something of every kind is broken", () => {
  const draw = {
    txt: topologyText,
    mmd: topologyMermaid,
    dot: topologyDot,
    json: (topology: Topology) => JSON.stringify(topology, undefined, 2),
  };
  for (const [extension, write] of Object.entries(draw))
    test(extension, () => golden(`src/graph/testdata/shop.${extension}`, write(shop)));

  test("a part of it: what a route, a Service, a grant has to do with", () => {
    const part = (id: string) => restrict(shop, (node) => node.id === id).nodes.map((node) => node.id);
    deepEqual(part("HTTPRoute/elsewhere/lost"), [
      "Gateway/default/edge",
      "HTTPRoute/elsewhere/lost",
      "HTTPRoute/elsewhere/lost/0",
      "Service/elsewhere/api:80",
    ]);
    const reachesPay = part("Service/bank/pay:443");
    deepEqual(part("ReferenceGrant/bank/pay"), reachesPay);
    ok(reachesPay.includes("HTTPRoute/default/shop/1") && reachesPay.includes("BackendTLSPolicy/bank/pay"));
    ok(!reachesPay.includes("HTTPRoute/default/shop/0") && !reachesPay.includes("Gateway/default/edge/https"));
    deepEqual(part("nothing"), []);
  });
});

test("docs/quickstart.svg is what `graph -f examples/quickstart -o svg` draws", async () => {
  golden("docs/quickstart.svg", await topologySvg(await topologyOfFiles([join(root, "examples/quickstart")])));
});

describe("whatever is in a name, it is text and nothing else", () => {
  const hostile = [
    `"]; end %%{init: {"theme":"x"}}%% --> n9`,
    `</TD></TR></TABLE>>]; a -> b`,
    `<script>alert("x")</script>&amp;\\n\\G`,
    "`markdown` **bold** 1. #quot; #35;",
    "\u0000\u0007\u001b[31m\ud800\u202egnirts\u2028\nline",
    "𝒳".repeat(60),
  ];
  const resource = { group: "", kind: "Service", namespace: "a", name: "a" };
  const topology: Topology = {
    nodes: hostile.map((text, index) => ({
      id: String(index),
      role: index % 2 === 0 ? "backend" : "route",
      origin: { resource, path: [] },
      name: text,
      details: [text],
      reasons: [{ reason: text, message: text }],
      warnings: [{ reason: text, message: text }],
    })),
    edges: hostile.slice(1).map((text, index) => ({
      role: "backend",
      from: String(index),
      to: String(index + 1),
      label: text,
      origin: { resource, path: [] },
      reasons: index % 2 === 0 ? [{ reason: text, message: text }] : [],
    })),
  };

  test("in Mermaid", () => {
    const word = "[\\p{L}\\p{N} .,:/=?+()'✗…_#;<>-]*";
    const line = new RegExp(
      `^( {2}n\\d(\\(\\["${word}"\\]\\)|\\["${word}"\\])| {2}n\\d (-->\\|"${word}"\\||-\\. "${word}" \\.->) n\\d| {2}(classDef|class|linkStyle) [\\w ,:#-]+)$`,
      "u",
    );
    const [head, ...lines] = topologyMermaid(topology).split("\n");
    equal(head, "flowchart LR");
    deepEqual(
      lines.filter((each) => !line.test(each)),
      [],
    );
    deepEqual(lines.join("").match(/<(?!br\/>)/g), null);
  });

  test("in DOT and SVG, as Graphviz reads it", async () => {
    const svg = await topologySvg(topology);
    const tags = new Set([...svg.matchAll(/<([^\s/>]+)/g)].map(([, tag]) => tag));
    deepEqual(tags, new Set(["g", "path", "polygon", "style", "svg", "text", "title"]));
    match(svg, /&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;&amp;amp;/);
    equal(svg.match(/<!-- /g), null);
  });

  test("in text", () => {
    deepEqual(
      topologyText(topology)
        .match(/[\p{Cc}\u202e]/gu)
        ?.filter((character) => character !== "\n"),
      [],
    );
  });
});
