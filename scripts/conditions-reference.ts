/**
 * Writes docs/reference/conditions.md: every condition that Gatewright writes, with its reasons.
 *
 * Reasons are found where they are written (`isFalse("Accepted", "Conflicted", …)` and its like) and in the golden files, which
 * hold an example of nearly each.
 *
 *     node scripts/conditions-reference.ts
 */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, ruleOf } from "../src/resources/finding-codes.ts";
import { refusedBackend } from "../src/status/refusal.ts";

const root = join(import.meta.dirname, "..");

/** The file that {@link conditionsReference} is kept in. */
export const conditionsFile = join(root, "docs/reference/conditions.md");

/** What each type says. */
const types: Readonly<Record<string, string>> = {
  Accepted:
    "Of a GatewayClass, Gateway, ListenerSet, listener, policy, and of a route on each of its parents: whether it is valid and taken up.",
  AddressesAssigned: "Of a Gateway: whether every address that it asks for is there (GEP-5093).",
  Conflicted: "Of a listener: True if another one has its port and hostname, or its port with another protocol.",
  DefaultGateway: "Of a Gateway with `spec.defaultScope: All`: routes that use default Gateways attach to it.",
  InsecureFrontendValidationMode: "Of a Gateway: True while clients are let in whose certificate was not verified.",
  OverlappingTLSConfig:
    "Of a listener: True if certificates or hostnames overlap with another listener's, so that one connection may carry requests for both. Such requests get 421.",
  PartiallyInvalid: "Of a route: True if some of its rules can't be served; the others are.",
  Programmed: "Of a Gateway, ListenerSet or listener: whether Envoy serves it.",
  ResolvedRefs:
    "Of a Gateway, listener, route or policy: whether all that it refers to is there and may be referred to.",
  SupportedVersion:
    "Of a GatewayClass: whether the Gateway API's definitions in the cluster are of a release that is known.",
  "gatewright.dev/NotEnforced": "Of anything: True if a field is set that has no effect; the message names it.",
  "gatewright.dev/PolicyWithoutStatus":
    "Of a Gateway: True if a policy that is enforced there can't say so, since its status has no room (16 ancestors).",
  "gatewright.dev/XTelemetryPolicyAffected":
    "Of a Gateway: True if an XTelemetryPolicy says how its requests are traced (GEP-713).",
};

/** What reasons say that are no findings of `validate`. */
const words: Readonly<Record<string, string>> = {
  Accepted: "It is.",
  AddressNotAssigned: "No load balancer has given it an address.",
  AddressNotUsable: "An address that was asked for is not there.",
  AddressesAssigned: "They are.",
  ConfigurationChanged: "`AllowInsecureFallback` is set: a client's certificate is asked for and not verified.",
  DefaultGateway: "It is one.",
  Invalid: "The message says why: Envoy refused it, or something that it is given can't be made.",
  ListenersNotResolved: "References of some listeners are not resolved.",
  ListenersNotValid: "Some listeners are not valid (True: others are; False: none is).",
  NoConflicts: "There is none.",
  NotAssigned: "None is.",
  NotSupported: "What is asked for is not supported; the message names the field.",
  OverlappingHostnames: "Hostnames of listeners on one port overlap.",
  ParentNotProgrammed: "The ListenerSet's Gateway is not programmed.",
  PartiallyAssigned: "Some are, and others are not.",
  Pending: "It has not happened yet: no proxy is ready, or the class is not accepted.",
  PolicyAffected: "It does.",
  Programmed: "It does.",
  RefusedByEnvoy: "Envoy refused a backend; requests to it are answered with an error.",
  ResolvedRefs: "They are.",
  SupportedVersion: "They are.",
  TooManyAncestors: "16 others have their entries there.",
  UnsupportedVersion: "Some are not: fields that are not known have no effect.",
};

interface Written {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  /** A message that it has come with. */
  readonly example?: string;
}

/** Every type, status and reason that sources and golden files hold, each once. */
export function writtenConditions(): readonly Written[] {
  const found = new Map<string, Written>();
  for (const written of [...ofGoldenFiles(), ...ofSources()]) {
    const { type, status, reason } = written;
    const key = `${type} ${status} ${reason}`;
    if (found.get(key)?.example === undefined) found.set(key, written);
  }
  return [...found.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, written]) => written);
}

/** Golden files write what is not simply in order as `TYPE STATUS REASON: MESSAGE`. */
function ofGoldenFiles(): readonly Written[] {
  return globSync(join(root, "src/gateway/testdata/**/*.out.yaml"))
    .sort()
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .flatMap((line) => {
      const [, type = "", status = "", reason = "", example = ""] =
        /(?:^|[\s'"])([A-Za-z./]+) (True|False|Unknown) ([A-Z]\w+): (.*?)['"]?$/.exec(line) ?? [];
      return type === ""
        ? []
        : [{ type, status, reason, example: example.replaceAll("''", "'").replaceAll('\\"', '"') }];
    });
}

function ofSources(): readonly Written[] {
  const literal = matchesIn(
    "src/{gateway,status,infrastructure,cluster}/**/*.ts",
    /is(True|False|Unknown)\(\s*"([^"]+)",\s*"(\w+)"/g,
  );
  // What keeps proxies from serving is a problem first, and Programmed then.
  const problems = matchesIn("src/{infrastructure,cluster}/**/*.ts", /\breason(?::| =) "([A-Z]\w+)"/g);
  return [
    ...literal.map(([, status = "", type = "", reason = ""]) => ({ type, status, reason })),
    ...problems.map(([, reason = ""]) => ({ type: "Programmed", status: "False", reason })),
    { type: "ResolvedRefs", status: "False", reason: refusedBackend },
  ];
}

function matchesIn(files: string, pattern: RegExp): readonly RegExpExecArray[] {
  return globSync(join(root, files))
    .filter((file) => !file.endsWith(".test.ts") && !file.includes("/testing/"))
    .sort()
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(pattern)]);
}

const head = `# Conditions

Every condition that Gatewright writes into statuses, and its reasons. \`True\` is good news unless it says otherwise. Made from the
sources and golden files by \`node scripts/conditions-reference.ts\`; \`gatewright describe KIND NAME\` shows those of an object, and
\`gatewright doctor\` says what to do about them.
`;

/** The text of docs/reference/conditions.md. @throws Error for what has no words yet */
export function conditionsReference(): string {
  const written = writtenConditions();
  const sections = [...new Set(written.map(({ type }) => type))].map((type) => {
    const meaning = types[type];
    if (meaning === undefined) throw new Error(`scripts/conditions-reference.ts has no words for ${type}`);
    const rows = written
      .filter((each) => each.type === type)
      .map(
        ({ status, reason, example }) => `| \`${status}\` | \`${reason}\` | ${meaningOf(reason)} | ${cell(example)} |`,
      );
    return [
      `## ${type}`,
      "",
      meaning,
      "",
      "| status | reason | | for example |",
      "|---|---|---|---|",
      ...rows,
      "",
    ].join("\n");
  });
  return [head, ...sections].join("\n");
}

function meaningOf(reason: string): string {
  const own = words[reason];
  if (own !== undefined) return own;
  const code = codeOf(reason);
  if (code === "invalid") throw new Error(`scripts/conditions-reference.ts has no words for ${reason}`);
  return `[${ruleOf(code).title}](../findings/${code}.md)`;
}

/** As a cell of a table; long ones are cut at a word. */
function cell(example = ""): string {
  const text = example.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("<", "&lt;");
  return text.length <= 220 ? text : `${text.slice(0, 220).replace(/\s+\S*$/, "")} …`;
}

if (import.meta.main) writeFileSync(conditionsFile, conditionsReference());
