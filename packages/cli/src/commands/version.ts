import type { Command } from "commander";
import { VERSION } from "@kubehop/lab";
import type { CliContext } from "../context.ts";
import { withOutput } from "./options.ts";

/** `kubehop version`: of kubehop and of the Node.js that runs it. */
export function addVersion(program: Command, context: CliContext): void {
  withOutput(program.command("version"))
    .description("print the versions of kubehop and Node.js")
    .action(({ output }: { output: "text" | "json" }) => {
      const versions = { kubehop: VERSION, node: process.version };
      context.stdout.write(
        output === "json"
          ? `${JSON.stringify(versions)}\n`
          : `kubehop ${versions.kubehop} (Node.js ${versions.node})\n`,
      );
    });
}
