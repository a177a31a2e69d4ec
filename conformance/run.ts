/**
 * Runs the upstream conformance suite against Gatewright, then our own tests of the features that it has none for
 * (`features/`), and ends with a line `N passed, N failed` of both.
 *
 *     node conformance/run.ts                                   # experimental channel, in a test cluster of its own
 *     node conformance/run.ts --channel standard
 *     node conformance/run.ts --test HTTPRouteMatching          # one test, and no verdict on the report
 *     node conformance/run.ts --report                          # writes the report into conformance/reports/
 *     node conformance/run.ts --keep                            # leaves the test cluster running
 *
 * With KUBECONFIG set it uses that cluster, in which Gatewright and the Gateway API are installed already. Two addresses are then
 * to be named: one that Gateways may ask for, and one that they can't have.
 *
 *     KUBECONFIG=… node conformance/run.ts --usable-address 172.18.255.10 --unusable-address 192.0.2.10
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { findCluster, removeLeftovers, startCluster, type TestCluster } from "../test/cluster/cluster.ts";
import { installGatewright } from "../test/cluster/fixtures/start-shop.ts";
import { machine } from "../test/cluster/images.ts";
import { layout } from "../test/cluster/layout.ts";
import { buildConformance, echoBasicImage } from "./programs.ts";
import { judgeReport } from "./report.ts";

const profiles = ["GATEWAY-HTTP", "GATEWAY-GRPC", "GATEWAY-TLS", "GATEWAY-TCP", "GATEWAY-UDP"];

/** Features of fields that the standard channel doesn't have. */
const experimental = new Set([
  "ClusterTrustBundle",
  "GatewayAddressRoutability",
  "GatewayAddressRoutabilityCluster",
  "GatewayListenerFilters",
  "HTTPRouteDestinationPortMatching",
]);

const { values: options } = parseArgs({
  options: {
    channel: { type: "string", default: "experimental" },
    test: { type: "string" },
    report: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    "usable-address": { type: "string", default: layout.usableAddress },
    "unusable-address": { type: "string", default: layout.unusableAddress },
  },
});
const channel = options.channel === "standard" ? "standard" : "experimental";
const root = join(import.meta.dirname, "..");
const version: string = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
const name = `conformance-${channel}`;
const reportName = `${channel}-${version}-default-report.yaml`;
const output = join(root, ".cache", "conformance", reportName);
process.exitCode = await main();

async function main(): Promise<number> {
  const { suite, echoBasic } = await buildConformance();
  if (process.env["KUBECONFIG"]) return await run([suite], process.env);
  const running = findCluster(name);
  const cluster = running ?? (await start(echoBasic));
  try {
    if (running === undefined) {
      await installGatewright(cluster);
      log("Gatewright serves");
    }
    return await runInside(cluster, suite);
  } finally {
    if (!options.keep) await cluster.stop();
  }
}

async function start(echoBasic: string): Promise<TestCluster> {
  removeLeftovers(name);
  return await startCluster({
    name,
    channel,
    owned: !options.keep,
    progress: log,
    images: [{ name: echoBasicImage, files: { ...machine, "/echo-basic": echoBasic }, entrypoint: ["/echo-basic"] }],
  });
}

async function runInside(cluster: TestCluster, suite: string): Promise<number> {
  return await run(cluster.commandLine([suite]), { ...process.env, KUBECONFIG: cluster.kubeconfig });
}

async function run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  mkdirSync(join(output, ".."), { recursive: true });
  const [program = "", ...args] = [...command, ...flags()];
  // The suite's own process connects to the addresses of Gateways, so it runs in the cluster's network.
  const child = spawn(program, args, { cwd: import.meta.dirname, env, stdio: ["ignore", "pipe", "inherit"] });
  const counts = { passed: 0, failed: 0 };
  // Tests of ours whose features the channel has fields for.
  const mayNotSkip = channel === "experimental" && options.test === undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, verdict, test] = /^\s{4}--- (PASS|FAIL|SKIP): Test(?:Conformance|Features)\/([^/\s]+) /.exec(line) ?? [];
    if (verdict === "PASS") counts.passed++;
    if (verdict === "FAIL") counts.failed++;
    if (verdict === "SKIP" && line.includes("TestFeatures/") && mayNotSkip) {
      counts.failed++;
      console.log(`✖ ${test} was skipped`);
    }
    if (verdict !== undefined && verdict !== "SKIP") console.log(`${verdict === "PASS" ? "✔" : "✖"} ${test}`);
    if (verdict === undefined || verdict === "FAIL") console.log(line);
  }
  const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
  const complaints =
    options.test === undefined
      ? judgeReport(readFileSync(output, "utf8"), profiles, channel === "standard" ? experimental : new Set())
      : [];
  for (const complaint of complaints) console.log(`✖ ${complaint}`);
  if (options.report) cpSync(output, join(import.meta.dirname, "reports", "v1.7", reportName));
  console.log(`${counts.passed} passed, ${counts.failed + complaints.length} failed`);
  return code === 0 && complaints.length === 0 && counts.passed > 0 ? 0 : 1;
}

function flags(): readonly string[] {
  const only = options.test === undefined ? [] : [`-run-test=${options.test}`];
  return [
    "-test.v",
    "-test.timeout=60m",
    // The whole cluster goes.
    "-cleanup-base-resources=false",
    "-gateway-class=gatewright",
    `-conformance-profiles=${profiles.join(",")}`,
    `-usable-address=${options["usable-address"]}`,
    `-unusable-address=${options["unusable-address"]}`,
    "-organization=gatewright",
    "-project=gatewright",
    "-url=https://gatewright.dev",
    `-version=v${version}`,
    "-contact=https://gatewright.dev/contact",
    `-report-output=${output}`,
    ...only,
  ];
}

function log(message: string): void {
  console.log(message);
}
