import { type Command, InvalidArgumentError, Option } from "commander";

/** Every command that means a lab has --name. */
export function withName(command: Command): Command {
  return command.option("--name <name>", "the lab", "lab");
}

/** Commands that look into a namespace have -n. */
export function withNamespace(command: Command): Command {
  return command.option("-n, --namespace <namespace>", "the namespace", "default");
}

/** Commands that can print JSON have -o. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <format>", "the form of the output")
      .choices(["text", "json"])
      .default("text"),
  );
}

/** Reads a whole number of a range; both ends belong to it. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
