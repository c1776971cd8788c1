import type { Command } from "commander";
import { execInPod, findPod } from "@kubehop/trace";
import type { CliContext } from "../context.ts";
import { accessCluster } from "../lab-access.ts";
import { withName, withNamespace } from "./options.ts";

interface ExecArguments {
  readonly name: string;
  readonly namespace: string;
  readonly container?: string;
  readonly stdin?: true;
}

/** `kubehop exec`: runs a command in a pod; its exit code becomes ours. */
export function addExec(program: Command, context: CliContext): void {
  withNamespace(withName(program.command("exec")))
    .description("run a command in a pod, through the API server and the kubelet")
    .argument("<target>", "POD, deploy/NAME or sts/NAME")
    .argument("<command...>", "the command; put -- in front when it has options")
    .option("-c, --container <name>", "the container; default the first one")
    .option("-i, --stdin", "pass standard input to the command")
    .action(async (target: string, command: string[], given: ExecArguments) => {
      await using access = await accessCluster(context, given.name);
      const pod = await findPod(access.rest, given.namespace, target);
      const code = await execInPod({
        server: access.server,
        namespace: given.namespace,
        pod: pod.metadata.name,
        container: given.container,
        command,
        ...(given.stdin === true ? { stdin: context.stdin } : {}),
        stdout: context.stdout,
        stderr: context.stderr,
        signal: context.signal,
      });
      context.setExitCode(code);
    });
}
