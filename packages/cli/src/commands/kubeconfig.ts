import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { findKubeconfig } from "../lab-access.ts";
import { withName } from "./options.ts";

/** `kubehop kubeconfig`: prints a lab's kubeconfig, or where it is. */
export function addKubeconfig(program: Command, context: CliContext): void {
  withName(program.command("kubeconfig"))
    .description("print a lab's kubeconfig")
    .option("--path", "print the file's path instead of its content")
    .action(async ({ name, path }: { name: string; path?: true }) => {
      const kubeconfig = await findKubeconfig(context, name);
      context.stdout.write(path === true ? `${kubeconfig}\n` : readFileSync(kubeconfig, "utf8"));
    });
}
