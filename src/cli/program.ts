import { Command, InvalidArgumentError, Option } from "commander";
import { defaultAdminAddress } from "../admin/address.ts";
import { defaultLogFormat, logFormats, logLevels } from "../admin/log-options.ts";
import { originHelp } from "./choose-origin.ts";
import { completion, shells } from "./completion.ts";
import type { ControllerOptions } from "./controller.ts";
import type { DescribeOptions } from "./describe.ts";
import type { DoctorOptions } from "./doctor.ts";
import type { DrainFlags } from "./drain.ts";
import type { ExplainOptions } from "./explain.ts";
import type { GetOptions } from "./get.ts";
import type { GraphOptions } from "./graph.ts";
import { graphOutputs, outputs, validationFormats } from "./outputs.ts";
import type { RunOptions } from "./run.ts";
import type { ValidateFlags } from "./validate-cluster.ts";
import { version } from "./version.ts";

interface OriginFlags {
  readonly file: readonly string[];
}

type ControllerFlags = Omit<ControllerOptions, "logFormat"> & { readonly logFormat?: ControllerOptions["logFormat"] };

type RunFlags = Omit<RunOptions, "drainSeconds" | "logFormat"> & {
  readonly drainTime: number;
  readonly logFormat?: RunOptions["logFormat"];
};

/**
 * The command line. Commands set `process.exitCode`, and are loaded when they are called: what `run` needs takes a second
 * to load, and `--help` needs none of it.
 */
export function createProgram(): Command {
  const program = new Command("gatewright")
    .description("Kubernetes Gateway API on Envoy: Gateways and routes in files become live traffic.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [COMMAND]", "print the help of a command")
    .showHelpAfterError("(gatewright --help says what there is)")
    .exitOverride()
    .addHelpText(
      "after",
      `
Start here:
  gatewright run examples/quickstart          serve a folder, and follow its changes
  gatewright validate routes/                 find mistakes before they are served
  gatewright get gateways,httproutes -A       what a running Gatewright serves
  gatewright describe httproute shop          why a route is as it is
  gatewright explain GET http://shop.test/    which rule answers a request, and why no other
  gatewright graph                            who sends to whom, and what is broken
  gatewright doctor                           why a cluster's Gateways don't serve

Environment:
  GATEWRIGHT_ENVOY           the Envoy binary to run (else envoy on PATH, else one that is downloaded once)
  GATEWRIGHT_ADMIN_ADDRESS   default of --admin-address
  NO_COLOR                   no colours`,
    );

  program
    .command("run")
    .description("watch resources, run Envoy, serve")
    .argument("<PATH...>", "files and folders of YAML or JSON, or - for standard input")
    .option("--port-offset <N>", "add N to the port of every listener", integer(-65_535, 65_535), 0)
    .addOption(adminAddress())
    .option(
      "--concurrency <N>",
      "worker threads of Envoy (default: one for each processor, 8 at most)",
      integer(1, 1024),
    )
    .option("--drain-time <SECONDS>", "how long connections may take to end when it stops", integer(0, 3600), 5)
    .option(
      "--runtime-directory <PATH>",
      "keep sockets there, and Envoy running when this process is killed: the next one goes on with it",
    )
    .addOption(new Option("--log-level <LEVEL>", "what is logged").choices(logLevels).default("info"))
    .addOption(new Option("--log-format <FORMAT>", "how (default: text at a terminal, else json)").choices(logFormats))
    .addHelpText(
      "after",
      `
Every change of the files is served at once. A document with a mistake is reported, and stays served as it last was.
Ctrl-C drains and ends; a second Ctrl-C ends now.

Examples:
  gatewright run examples/quickstart
  gatewright run routes/ certificates/ --port-offset 8000     listeners 80 and 443 are on 8080 and 8443
  kustomize build . | gatewright run -`,
    )
    .action(async (paths: readonly string[], flags: RunFlags) => {
      const { run } = await import("./run.ts");
      process.exitCode = await run(paths, {
        ...flags,
        drainSeconds: flags.drainTime,
        logFormat: flags.logFormat ?? defaultLogFormat(process.stderr),
      });
    });

  program
    .command("controller")
    .description("serve the Gateways of a cluster, each with proxies of its own")
    .option("--kubeconfig <PATH>", "how to reach the cluster (default: as kubectl does, or the pod's service account)")
    .option("--context <NAME>", "which of its contexts")
    .option("--namespace <NAMESPACE>", "where it runs: of its lease and its certificate authority")
    .option("--watch-namespace <NAMESPACE>", "serve only this namespace; can be repeated", collect, [])
    .option("--xds-address <HOST:PORT>", "where it serves proxies", hostAndPort, { host: "0.0.0.0", port: 18_000 })
    .option("--xds-service <HOST[:PORT]>", "where proxies find it (default: gatewright.NAMESPACE.svc)")
    .option(
      "--proxy-image <IMAGE>",
      "image of the proxies, with Envoy and Gatewright",
      `gatewright.dev/gatewright:${version()}`,
    )
    .addOption(
      new Option("--health-address <HOST:PORT>", "where health and metrics are for kubelet and Prometheus").default(
        "0.0.0.0:19002",
      ),
    )
    .addOption(
      new Option("--proxy-pull-policy <POLICY>", "when that image is pulled").choices([
        "Always",
        "IfNotPresent",
        "Never",
      ]),
    )
    .addOption(adminAddress())
    .addOption(new Option("--log-level <LEVEL>", "what is logged").choices(logLevels).default("info"))
    .addOption(new Option("--log-format <FORMAT>", "how (default: text at a terminal, else json)").choices(logFormats))
    .action(async (flags: ControllerFlags) => {
      const { controller } = await import("./controller.ts");
      process.exitCode = await controller({ ...flags, logFormat: flags.logFormat ?? defaultLogFormat(process.stderr) });
    });

  program
    .command("drain")
    .description("let the connections of an Envoy end, as a pod does before it stops")
    .requiredOption("--admin-socket <PATH>", "Unix domain socket of its admin interface")
    .option("--lame-duck <SECONDS>", "how long new connections are still taken", integer(0, 3600), 0)
    .option("--drain-time <SECONDS>", "how long connections may take to end after that", integer(0, 3600), 30)
    .action(async (flags: DrainFlags) => {
      const { drain } = await import("./drain.ts");
      process.exitCode = await drain(flags);
    });

  program
    .command("validate")
    .description("check resources before they are deployed")
    .argument("[PATH...]", "files and folders of YAML or JSON, or - for standard input; none: a cluster")
    .addOption(
      new Option("-o, --output <FORMAT>", "how findings are printed").choices(validationFormats).default("text"),
    )
    .option("--fix", "mend what can be mended, in the files", false)
    .option("--dry-run", "with --fix: print the difference, and leave the files alone", false)
    .option("--strict", "warnings fail, too", false)
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .option("-A, --all-namespaces", "of a cluster: every namespace", false)
    .option("-n, --namespace <NAMESPACE>", "of a cluster: this namespace (default: that of the kubeconfig's context)")
    .addHelpText(
      "after",
      `
Checks syntax, fields, types and rules as the API server does, and what objects say of each other. An object that is
referred to and not there is a warning: the documents may be a part of the whole. Each finding has a code, and each code a
page in docs/findings.

Without a PATH, what a cluster holds is checked. With a PATH and --kubeconfig or --context, the files are checked as if they
were applied to that cluster: what they refer to may be there.

--fix makes the edits that are clear, keeps comments and layout, and tells what is left; with --dry-run it prints them as a
unified diff, for patch -p0.

Exit code: 0 no errors (with --strict: no warnings), 1 errors, or something for --fix --dry-run to mend, 2 usage, or a path
or the cluster can't be read.

Examples:
  gatewright validate routes/                            what is wrong, and what to do
  gatewright validate routes/ --fix --dry-run            what --fix would change
  gatewright validate routes/ -o sarif > findings.sarif  for code scanning
  gatewright validate routes/ --context production       as if the files were applied to that cluster`,
    )
    .action(async (paths: readonly string[], flags: ValidateFlags) => {
      const named = flags.kubeconfig !== undefined || flags.context !== undefined;
      if (paths.length === 0 || named) {
        const { validateInCluster } = await import("./validate-cluster.ts");
        process.exitCode = await validateInCluster(paths, flags);
        return;
      }
      const { analyse } = await import("../analyse/analyse.ts");
      const { validate } = await import("./validate.ts");
      process.exitCode = await validate(paths, { ...flags, analyse });
    });

  program
    .command("get")
    .description("list resources with their status, like kubectl get")
    .argument("<KIND>", "gateways, gtw,httproutes, httproute/shop, svc, all, …")
    .argument("[NAME]")
    .option("-A, --all-namespaces", "of every namespace", false)
    .option("-n, --namespace <NAMESPACE>", "of this namespace (default: that of the kubeconfig's context, or default)")
    .addOption(fileOption())
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(new Option("-o, --output <FORMAT>", "how they are printed").choices(outputs))
    .addOption(askedAddress())
    .addHelpText("after", `${originHelp}\n\nExit code: 0 found, 1 there is no object of that name, 2 usage.`)
    .action(async (kind: string, name: string | undefined, flags: OriginFlags & Omit<GetOptions, "files">) => {
      const { get } = await import("./get.ts");
      process.exitCode = await get(kind, name, { ...flags, files: flags.file });
    });

  program
    .command("describe")
    .description("tell all about one resource, and why it is as it is")
    .argument("<KIND>", "gateway, httproute, httproute/shop, …")
    .argument("[NAME]")
    .option("-n, --namespace <NAMESPACE>", "of this namespace (default: that of the kubeconfig's context, or default)")
    .addOption(fileOption())
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(askedAddress())
    .addHelpText("after", originHelp)
    .action(async (kind: string, name: string | undefined, flags: OriginFlags & Omit<DescribeOptions, "files">) => {
      const { describe } = await import("./describe.ts");
      process.exitCode = await describe(kind, name, { ...flags, files: flags.file });
    });

  program
    .command("explain")
    .description("tell which answer a request gets, and why")
    .usage("[options] [METHOD] <URL>")
    .argument(
      "<WORDS...>",
      "METHOD (GET by default) and URL: http://HOST[:PORT]/PATH, left as it is written; tls://HOST:PORT",
    )
    .option("-H, --header <HEADER>", "a header of the request, as for curl; can be repeated", collect, [])
    .option("--grpc <SERVICE/METHOD>", "a gRPC call, in place of method and path")
    .option("--sni <NAME>", "server name of the TLS connection (default: the URL's host)")
    .option("--client-ip <ADDRESS>", "where the request comes from")
    .addOption(fileOption())
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(new Option("-o, --output <FORMAT>", "how it is printed").choices(["text", "json"]).default("text"))
    .addOption(askedAddress())
    .addHelpText(
      "after",
      `
Prints the decision step by step: listener, host, path, rule, filters, backends with their endpoints; and what else could
have been meant and why it lost. It is decided as Envoy decides it, from what Envoy's configuration is made from.
${originHelp}

Examples:
  gatewright explain GET http://shop.example.com/cart -H "version: v2"
  gatewright explain GET https://10.0.0.7/ -H "Host: shop.example.com" --sni shop.example.com
  gatewright explain POST http://api.example.com/ --grpc shop.Cart/Get -f routes/
  gatewright explain tls://db.example.com:5432                 a connection: TLSRoute, TCPRoute (tcp://), UDPRoute (udp://)

Exit code: 0 a route serves it, 1 none does or the answer is an error, 2 usage.`,
    )
    .action(
      async (
        words: readonly string[],
        {
          file,
          header,
          ...flags
        }: OriginFlags & { readonly header: readonly string[] } & Omit<ExplainOptions, "files" | "headers">,
      ) => {
        const { explain } = await import("./explain.ts");
        process.exitCode = await explain(words, { ...flags, files: file, headers: header });
      },
    );

  program
    .command("graph")
    .description("draw who sends to whom, and what is broken")
    .argument("[KIND]", "gateway/edge, httproute, httproute/shop, svc/web, …: only what has to do with it")
    .argument("[NAME]")
    .option(
      "-n, --namespace <NAMESPACE>",
      "only what has to do with this namespace (default: all; with a NAME, as get)",
    )
    .addOption(fileOption())
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(new Option("-o, --output <FORMAT>", "how it is drawn").choices(graphOutputs).default("text"))
    .addOption(askedAddress())
    .addHelpText(
      "after",
      `${originHelp}

Examples:
  gatewright graph -f routes/                            a tree in the terminal; what is broken is red
  gatewright graph gateway/edge -o svg > edge.svg        a picture
  gatewright graph httproute/shop -o mermaid             for Markdown; dot is for Graphviz

Exit code: 0 drawn, 1 there is no object of that name, 2 usage.`,
    )
    .action(
      async (kind: string | undefined, name: string | undefined, flags: OriginFlags & Omit<GraphOptions, "files">) => {
        const { graph } = await import("./graph.ts");
        process.exitCode = await graph(kind, name, { ...flags, files: flags.file });
      },
    );

  program
    .command("doctor")
    .description("find out why Gateways don't serve as they should, and what to do")
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(askedAddress())
    .option("--strict", "warnings fail, too", false)
    .addOption(new Option("-o, --output <FORMAT>", "how it is printed").choices(["text", "json"]).default("text"))
    .addHelpText(
      "after",
      `
In a cluster, it looks at the Gateway API's definitions, the controller and what it may do, webhooks and policies, Gateways,
their addresses, Services and pods, certificates, clocks and backends, and at what \`validate\` finds. Nothing is changed: writes
of the controller's are tried with dryRun=All. What you may not read is left out, and said. Of a Gatewright on this machine, it
looks at whether it and its Envoy serve, and at what Envoy refused.

Exit code: 0 healthy, 1 problems, 2 it could not look, or not at everything, and found nothing.

Examples:
  gatewright doctor                                what is wrong, why, and what to do
  gatewright doctor --context production -o json   for a machine`,
    )
    .action(async (flags: Omit<DoctorOptions, "files">) => {
      const { doctor } = await import("./doctor.ts");
      process.exitCode = await doctor({ ...flags, files: [] });
    });

  program
    .command("version")
    .description("print the versions of Gatewright, Envoy and the Gateway API")
    .action(async () => {
      const { versions } = await import("./versions.ts");
      console.log(versions(version()));
    });

  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(program.createArgument("<SHELL>").choices(shells))
    .addHelpText("after", "\nExample:\n  source <(gatewright completion bash)")
    .action((shell: (typeof shells)[number]) => {
      console.log(completion(program, shell));
    });
  return program;
}

function adminAddress(): Option {
  return new Option("--admin-address <HOST:PORT>", "where health, metrics and the API are")
    .env("GATEWRIGHT_ADMIN_ADDRESS")
    .default(defaultAdminAddress);
}

/** No default: whether somebody named one decides whether a cluster may be asked instead. */
function askedAddress(): Option {
  return new Option(
    "--admin-address <HOST:PORT>",
    `of a running Gatewright (default: ${defaultAdminAddress}, if one answers there)`,
  ).env("GATEWRIGHT_ADMIN_ADDRESS");
}

function kubeconfigOption(): Option {
  return new Option("--kubeconfig <PATH>", "read a cluster, with this kubeconfig");
}

function contextOption(): Option {
  return new Option("--context <NAME>", "read a cluster, with this context of the kubeconfig");
}

function fileOption(): Option {
  return new Option("-f, --file <PATH>", "read files; can be repeated")
    .argParser((path: string, before: readonly string[]) => [...before, path])
    .default([], "none");
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function hostAndPort(text: string): ControllerOptions["xdsAddress"] {
  const [, host, port] = /^(.+):([0-9]{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) throw new InvalidArgumentError("It is HOST:PORT.");
  return { host, port: Number(port) };
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}
