/**
 * Writes docs/reference/flags.md: every command with its arguments and flags, as the command line defines them.
 *
 *     node scripts/flags-reference.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { createProgram } from "../src/cli/program.ts";
import { version } from "../src/cli/version.ts";
import { text } from "../src/resources/field.ts";

/** The file that {@link flagsReference} is kept in. */
export const flagsFile = join(import.meta.dirname, "../docs/reference/flags.md");

const head = `# Commands and flags

Every command of \`gatewright\`; \`gatewright COMMAND --help\` prints the same. Made from the command line's own definitions by
\`node scripts/flags-reference.ts\`.
`;

/** The text of docs/reference/flags.md. */
export function flagsReference(): string {
  const program = createProgram();
  const list = program.commands.map(
    (command) => `- [\`${command.name()}\`](#${command.name()}): ${command.description()}`,
  );
  return [head, ...list, "", ...program.commands.map(section), environment(program), ""].join("\n");
}

function section(command: Command): string {
  const rows = [
    ...command.registeredArguments.map((argument) => {
      const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
      const choices = argument.argChoices === undefined ? "" : wordsOf(argument.argChoices);
      return row(name, argument.description || choices, "");
    }),
    ...command.options.map((option) => row(option.flags, meaningOf(option), defaultOf(option))),
  ];
  const table = rows.length === 0 ? [] : ["| | | default |", "|---|---|---|", ...rows, ""];
  const more = afterHelp(command);
  return [
    `## ${command.name()}`,
    "",
    sentence(command.description()),
    "",
    `    gatewright ${command.name()} ${command.usage()}`,
    "",
    ...table,
    ...(more === "" ? [] : ["```text", more, "```", ""]),
  ].join("\n");
}

function environment(program: Command): string {
  return ["## Help of the program itself", "", "```text", afterHelp(program), "```"].join("\n");
}

/** What a command's help says after its options. */
function afterHelp(command: Command): string {
  let whole = "";
  command.configureOutput({ writeOut: (part) => (whole += part), getOutHelpWidth: () => 200 });
  command.outputHelp();
  return whole.slice(whole.indexOf(command.helpInformation()) + command.helpInformation().length).trim();
}

function meaningOf({ description, argChoices, mandatory, envVar }: Option): string {
  return [
    description,
    ...(argChoices === undefined ? [] : [`: ${wordsOf(argChoices)}`]),
    ...(mandatory ? ["; has to be given"] : []),
    ...(envVar === undefined ? [] : [`; or the environment's ${envVar}`]),
  ].join("");
}

/** Defaults that hold the version are those of the release, whichever it is. */
function defaultOf({ defaultValue, defaultValueDescription, argChoices }: Option): string {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  const value: unknown = defaultValue;
  if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return "";
  if (typeof value === "object" && value !== null) return `\`${Object.values(value).join(":")}\``;
  const shown = text(value).replaceAll(version(), "VERSION");
  return argChoices === undefined && shown === "" ? "" : `\`${shown}\``;
}

function wordsOf(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}

function row(...cells: readonly [name: string, ...string[]]): string {
  const [name, ...rest] = cells;
  return `| \`${name}\` | ${rest.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

if (import.meta.main) writeFileSync(flagsFile, flagsReference());
