import { type FieldsWithoutEffect, fieldsWithoutEffect } from "../../../src/analyse/fields-without-effect.ts";
import type { Kind } from "../../../src/resources/kinds.ts";
import { type Account, type Accounts, accountKey } from "./account.ts";
import { leavesOf, writtenSchema } from "./leaves.ts";

const head = `# What becomes of every field

Nobody should take a field for enforced because nothing was said about it. This table is made by \`test/fields.test.ts\`
(\`UPDATE_GOLDEN=1\` writes it), which sets every field of every kind to another value, in small worlds where it means something
(\`test/fields/*.yaml\`), and looks at what that changes:

- **Envoy**: the resources of Envoy's configuration that are others then, by their type
- **infrastructure**: what a Gateway is given in a cluster
- **status**: the kinds whose conditions, counts or addresses are others
- **finding**: where nothing else changes, what \`validate\` says of the field, by the code of the finding

A field may mean something in one place and nothing in another, as a timeout does in a rule that redirects. \`test/fields/contexts.yaml\`
has such places, and each field in them has to make a difference, or to be reported, there.

A field that changes none of them fails the test. So does a value of a list (an \`enum\`) that is served as another one is.

Some fields change nothing, and their rows say why. Whoever could expect more is told by a finding: of a Service when a route sends to
it, of EndpointSlices and Endpoints unless Kubernetes' controllers wrote them, and never of a value that Kubernetes fills in by itself.
Of names, of words for people, and of what Kubernetes itself acts on, nothing is said: an object as kubectl prints it gives no finding.

Of \`metadata\` the table has what people write. Labels and annotations that begin with \`gatewright.dev/\` are Gatewright's, and those
that it does not read are findings; all others are for other programs and people, but for those that the table names. Everything
else in \`metadata\`, and \`status\`, is written by Kubernetes and by controllers; of these, \`creationTimestamp\` decides between
objects that contradict each other.
`;

/** The text of `docs/fields.md`. */
export function fieldsDocument(accounts: Accounts, kinds: readonly Kind[]): string {
  return [head, ...kinds.map((kind) => section(kind, accounts))].join("\n");
}

function section(kind: Kind, accounts: Accounts): string {
  const rows = leavesOf(writtenSchema(kind, kind.versions[0])).map(({ path }) => {
    const account = accounts.get(accountKey(kind.kind, path));
    const effects = account === undefined ? "" : effectsOf(account);
    const without = withoutEffect(kind.kind, path)?.because ?? "";
    return `| \`${path}\` | ${[effects || "nothing", without].filter((part) => part !== "").join(". ")} |`;
  });
  return [`## ${kind.kind}`, "", "| field | what it changes |", "|---|---|", ...rows, ""].join("\n");
}

/** What is known of a field that changes nothing. */
export function withoutEffect(kind: string, path: string): FieldsWithoutEffect | undefined {
  return fieldsWithoutEffect.find((entry) => entry.kind === kind && entry.fields.includes(path));
}

/** Whether values of a field's list are known to be alike. */
export function areAlike(without: FieldsWithoutEffect | undefined, values: readonly unknown[]): boolean {
  return without?.alike?.some((group) => values.every((value) => group.some((known) => known === value))) === true;
}

function effectsOf({ configuration, infrastructure, status, findings, refused }: Account): string {
  const effects = [
    ...named("Envoy", configuration),
    ...named("infrastructure", infrastructure),
    ...named("status", status),
  ];
  if (effects.length > 0) return effects.join("; ");
  return [...named("finding", codes(findings)), ...named("refused as a whole", codes(refused))].join("; ");
}

function codes(names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].map((code) => `[\`${code}\`](findings/${code}.md)`));
}

function named(what: string, names: ReadonlySet<string>): readonly string[] {
  return names.size === 0 ? [] : [`${what}: ${[...names].sort().join(", ")}`];
}
