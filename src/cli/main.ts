import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { defaultAdminAddress } from "../admin/address.ts";
import { defaultLogFormat, logLevels } from "../admin/log.ts";
import { analyse } from "../analyse/analyse.ts";
import { completion, shells } from "./completion.ts";
import { type DescribeOptions, describe } from "./describe.ts";
import { type GetOptions, get } from "./get.ts";
import { UsageError } from "./query-objects.ts";
import { type RunOptions, run } from "./run.ts";
import { validate } from "./validate.ts";

interface OriginFlags {
  readonly file?: readonly string[];
  readonly namespace?: string;
  readonly adminAddress: string;
}

const program = new Command("gatewright")
  .description("Kubernetes Gateway API on Envoy: Gateways and routes in files become live traffic.")
  .version(version())
  .showHelpAfterError("(gatewright --help says what there is)")
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

const adminAddress = () =>
  new Option("--admin-address <HOST:PORT>", "where health, metrics and the API are")
    .env("GATEWRIGHT_ADMIN_ADDRESS")
    .default(defaultAdminAddress);

program
  .command("run")
  .description("watch resources, run Envoy, serve")
  .argument("<PATH...>", "files and folders of YAML or JSON, or - for standard input")
  .option("--port-offset <N>", "add N to the port of every listener", integer(-65_535, 65_535), 0)
  .addOption(adminAddress())
  .option("--concurrency <N>", "worker threads of Envoy (default: one for each processor)", integer(1, 1024))
  .option("--drain-time <SECONDS>", "how long connections may take to end when it stops", integer(0, 3600), 5)
  .addOption(new Option("--log-level <LEVEL>", "what is logged").choices(logLevels).default("info"))
  .addOption(
    new Option("--log-format <FORMAT>", "how (default: text at a terminal, else json)").choices(["text", "json"]),
  )
  .addHelpText(
    "after",
    "\nExample:\n  gatewright run examples/quickstart\n  gatewright run routes/ certificates/ --port-offset 8000",
  )
  .action(
    async (paths: readonly string[], flags: Omit<RunOptions, "drainSeconds"> & { readonly drainTime: number }) => {
      process.exitCode = await run(paths, {
        ...flags,
        drainSeconds: flags.drainTime,
        logFormat: flags.logFormat ?? defaultLogFormat(process.stderr),
      });
    },
  );

program
  .command("validate")
  .description("check resources before they are deployed: 0 clean, 1 findings, 2 usage")
  .argument("<PATH...>", "files and folders of YAML or JSON, or - for standard input")
  .addOption(new Option("--output <FORMAT>", "how findings are printed").choices(["text", "json"]).default("text"))
  .option("--strict", "warnings fail, too", false)
  .action(async (paths: readonly string[], flags: { readonly output: "text" | "json"; readonly strict: boolean }) => {
    process.exitCode = await validate(paths, { ...flags, analyse });
  });

program
  .command("get")
  .description("list resources with their status, like kubectl get")
  .argument("<KIND>", "gateways, httproutes, gtw, svc, …")
  .argument("[NAME]")
  .option("-A, --all-namespaces", "of every namespace", false)
  .option("-n, --namespace <NAMESPACE>", "of this namespace (default: default)")
  .option("-f, --file <PATH...>", "read files instead of asking a running Gatewright")
  .option("-o, --output <FORMAT>", "wide, yaml, json or name")
  .addOption(adminAddress())
  .action(async (kind: string, name: string | undefined, flags: OriginFlags & Omit<GetOptions, "files">) => {
    process.exitCode = await get(kind, name, { ...flags, files: flags.file ?? [] });
  });

program
  .command("describe")
  .description("tell all about one resource, and why it is as it is")
  .argument("<KIND>")
  .argument("<NAME>")
  .option("-n, --namespace <NAMESPACE>", "of this namespace (default: default)")
  .option("-f, --file <PATH...>", "read files instead of asking a running Gatewright")
  .addOption(adminAddress())
  .action(async (kind: string, name: string, flags: OriginFlags & Omit<DescribeOptions, "files">) => {
    process.exitCode = await describe(kind, name, { ...flags, files: flags.file ?? [] });
  });

program
  .command("completion")
  .description("print a completion script: source <(gatewright completion bash)")
  .argument("<SHELL>", shells.join(", "))
  .action((shell: string) => {
    console.log(completion(program, shell));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError) {
    console.error(`gatewright: ${error.message}`);
    process.exitCode = 2;
  } else throw error;
}
// What is left open by then (a watcher, a keep-alive connection) is of no use to anybody.
process.exit();

function version(): string {
  for (const candidate of ["../../package.json", "../../../package.json"]) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(candidate, import.meta.url), "utf8"));
      if (typeof parsed === "object" && parsed !== null && "version" in parsed) return String(parsed.version);
    } catch {
      // Compiled code is one folder deeper.
    }
  }
  return "unknown";
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}
