import type { Command } from "commander";
import { applyFiles } from "@kubehop/lab";
import type { CliContext } from "../context.ts";
import { accessCluster } from "../lab-access.ts";
import { collect, withName } from "./options.ts";

/** `kubehop apply`: creates or changes the objects of files, where there is no kubectl. */
export function addApply(program: Command, context: CliContext): void {
  withName(program.command("apply"))
    .description("create or change the objects of files and folders")
    .requiredOption("-f, --file <path>", "a file or folder; may be repeated", collect)
    .action(async ({ name, file }: { name: string; file: string[] }) => {
      await using access = await accessCluster(context, name);
      const objects = await applyFiles(access.rest, file);
      for (const { kind, metadata } of objects) {
        const namespace = metadata.namespace === undefined ? "" : ` -n ${metadata.namespace}`;
        context.stdout.write(`${kind} ${metadata.name}${namespace} applied\n`);
      }
    });
}
