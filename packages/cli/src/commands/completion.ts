import { Argument, type Command } from "commander";
import type { CliContext } from "../context.ts";

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  /** With their dashes, long forms only. */
  readonly options: readonly string[];
}

/** `kubehop completion`: a script for a shell's completion. */
export function addCompletion(program: Command, context: CliContext): void {
  program
    .command("completion")
    .description("print a completion script, e.g. for: source <(kubehop completion bash)")
    .addArgument(new Argument("<shell>").choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => {
      const commands = program.commands.map((command) => ({
        name: command.name(),
        description: command.description(),
        options: command.options.flatMap(({ long }) => long ?? []),
      }));
      context.stdout.write(SCRIPTS[shell](commands));
    });
}

/** One function a shell: commands → script. */
export const SCRIPTS: Readonly<
  Record<"bash" | "zsh" | "fish", (commands: readonly CompletedCommand[]) => string>
> = { bash: bashScript, zsh: zshScript, fish: fishScript };

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${options.join(" ")}" ;;`);
  return `_kubehop() {
  local words="${commands.map(({ name }) => name).join(" ")}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kubehop kubehop
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef kubehop
autoload -U +X bashcompinit && bashcompinit
${bashScript(commands)}`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c kubehop -n __fish_use_subcommand -a ${name} -d '${description.replaceAll("'", "\\'")}'`,
    ...options.map(
      (option) =>
        `complete -c kubehop -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
    ),
  ]);
  return `${lines.join("\n")}\n`;
}
