import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { startDetached } from "../detached-lab.ts";
import { describeLab, runLabInForeground } from "../foreground-lab.ts";
import { type LabArguments, toLabOptions, withLabOptions } from "./lab-arguments.ts";

/** `kubehop up`: starts a lab. */
export function addUp(program: Command, context: CliContext): void {
  withLabOptions(program.command("up"))
    .description("start a lab and wait until everything in it is ready")
    .option(
      "-d, --detach",
      "return when it is ready and leave it running; end it with kubehop down",
    )
    .action(async (given: LabArguments & { detach?: true }) => {
      const options = toLabOptions(context, given);
      if (given.detach === true) return startDetached(context, options);
      return runLabInForeground(context, options, async (lab) => {
        const text = describeLab(lab);
        context.parent?.send({ type: "ready", text });
        context.stdout.write(`${text}Ctrl-C ends the lab.\n`);
      });
    });
}
