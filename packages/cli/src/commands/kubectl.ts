import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { findKubeconfig } from "../lab-access.ts";
import { withName } from "./options.ts";

/** `kubehop kubectl`: the machine's kubectl with a lab's kubeconfig. */
export function addKubectl(program: Command, context: CliContext): void {
  withName(program.command("kubectl"))
    .description("run this machine's kubectl against a lab")
    .argument("[args...]", "what kubectl gets; put -- in front")
    .passThroughOptions()
    .action(async (args: string[], { name }: { name: string }) => {
      const env = { ...context.env, KUBECONFIG: await findKubeconfig(context, name) };
      context.setExitCode(await runKubectl(args, env));
    });
}

async function runKubectl(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn("kubectl", args, { env, stdio: "inherit" });
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new CliError(
      "There is no kubectl on this machine.",
      "Install it, or use kubehop status, exec, logs and trace, which do not need it.",
      127,
    );
  }
}
