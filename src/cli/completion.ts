import type { Command, Option } from "commander";
import { kinds } from "../resources/kinds.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

const kindNames: readonly string[] = kinds.flatMap(({ plural, shortNames }) => [plural, ...shortNames]).sort();

/** A script that completes commands, options and their values, kinds, and files. */
export function completion(program: Command, shell: Shell): string {
  if (shell === "fish") return fish(program.commands);
  // zsh understands bash's completions once it is told to.
  const compatible = shell === "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "";
  return `${compatible}${bash(program.commands)}`;
}

/** An empty answer lets the shell complete files (`-o default`). */
function bash(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const values = command.options.flatMap((option) =>
      (option.argChoices ?? []).length === 0
        ? []
        : [`      ${flagsOf(option).join("|")}) words="${option.argChoices?.join(" ")}" ;;`],
    );
    const words = firstWords(command);
    return [
      `    ${command.name()})`,
      "      case $before in",
      ...values,
      `      *) case $word in -*) words="${command.options.flatMap(flagsOf).join(" ")}" ;; *) [ "$COMP_CWORD" -eq 2 ] && words="${words.join(" ")}" ;; esac ;;`,
      "      esac ;;",
    ].join("\n");
  });
  return `_gatewright() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map((command) => command.name()).join(" ")}"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    esac
  fi
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi
}
complete -o default -F _gatewright gatewright`;
}

function fish(commands: readonly Command[]): string {
  return commands
    .flatMap((command) => {
      const inside = `-n "__fish_seen_subcommand_from ${command.name()}"`;
      const words = firstWords(command);
      return [
        `complete -c gatewright -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(command.description())}`,
        ...(words.length > 0 ? [`complete -c gatewright ${inside} -f -a "${words.join(" ")}"`] : []),
        ...command.options.map((option) => {
          const short = option.short === undefined ? "" : ` -s ${option.short.slice(1)}`;
          const long = option.long === undefined ? "" : ` -l ${option.long.slice(2)}`;
          const values = option.argChoices === undefined ? "" : ` -x -a "${option.argChoices.join(" ")}"`;
          return `complete -c gatewright ${inside}${short}${long}${values} -d ${quoted(option.description)}`;
        }),
      ];
    })
    .join("\n");
}

/** What the first argument of a command can be, where it isn't a file. */
function firstWords(command: Command): readonly string[] {
  const [first] = command.registeredArguments;
  if (first === undefined) return [];
  return first.name() === "KIND" ? kindNames : (first.argChoices ?? []);
}

function flagsOf({ short, long }: Option): readonly string[] {
  return [short, long].flatMap((flag) => flag ?? []);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["$\\]/g, "\\$&")}"`;
}
