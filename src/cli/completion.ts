import type { Command } from "commander";
import { kinds } from "../resources/kinds.ts";
import { UsageError } from "./query-objects.ts";

export const shells = ["bash", "zsh", "fish"] as const;

/**
 * A script that completes commands, options, kinds and files.
 *
 * @throws UsageError for a shell that is not known
 */
export function completion(program: Command, shell: string): string {
  const commands = program.commands.map((command) => command.name());
  const names = kinds.map((kind) => kind.plural);
  if (shell === "fish") {
    return [
      `complete -c gatewright -n __fish_use_subcommand -f -a "${commands.join(" ")}"`,
      `complete -c gatewright -n "__fish_seen_subcommand_from get describe" -f -a "${names.join(" ")}"`,
      ...program.commands.flatMap((command) =>
        command.options.flatMap((option) =>
          option.long === undefined
            ? []
            : [
                `complete -c gatewright -n "__fish_seen_subcommand_from ${command.name()}" -l ${option.long.slice(2)} -d "${option.description}"`,
              ],
        ),
      ),
    ].join("\n");
  }
  if (shell !== "bash" && shell !== "zsh")
    throw new UsageError(`There is no completion for ${shell}; there is for ${shells.join(", ")}.`);
  return `${shell === "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : ""}_gatewright() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "${commands.join(" ")}" -- "$word")); return; fi
  case "$command" in
${program.commands
  .map((command) => {
    const kindWords = command.name() === "get" || command.name() === "describe" ? ` ${names.join(" ")}` : "";
    return `    ${command.name()}) COMPREPLY=($(compgen -W "${options(command).join(" ")}${kindWords}" -- "$word")) ;;`;
  })
  .join("\n")}
  esac
}
complete -o default -F _gatewright gatewright`;
}

function options(command: Command): readonly string[] {
  return command.options.flatMap((option) => [option.short, option.long].flatMap((flag) => flag ?? []));
}
