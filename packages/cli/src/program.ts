import { Command } from "commander";
import { addApply } from "./commands/apply.ts";
import { addCompletion } from "./commands/completion.ts";
import { addCredentials } from "./commands/credentials.ts";
import { addDig } from "./commands/dig.ts";
import { addDown } from "./commands/down.ts";
import { addExplain } from "./commands/explain.ts";
import { addExec } from "./commands/exec.ts";
import { addKubeconfig } from "./commands/kubeconfig.ts";
import { addKubectl } from "./commands/kubectl.ts";
import { addLab } from "./commands/lab.ts";
import { addLogs } from "./commands/logs.ts";
import { addRules } from "./commands/rules.ts";
import { addStart } from "./commands/start.ts";
import { addStatus } from "./commands/status.ts";
import { addTrace } from "./commands/trace.ts";
import { addUp } from "./commands/up.ts";
import { addVersion } from "./commands/version.ts";
import type { CliContext } from "./context.ts";

/** In the order of `kubehop --help`. */
const COMMANDS = [
  addStart,
  addUp,
  addLab,
  addDown,
  addStatus,
  addTrace,
  addDig,
  addExplain,
  addRules,
  addExec,
  addLogs,
  addKubectl,
  addKubeconfig,
  addApply,
  addCredentials,
  addCompletion,
  addVersion,
];

/** Builds the command line of kubehop; its actions use the context and nothing else. */
export function buildProgram(context: CliContext): Command {
  const program = new Command("kubehop")
    .description("Kubernetes Services and cluster DNS as separate processes on real sockets")
    .enablePositionalOptions()
    .showHelpAfterError("(kubehop --help shows the commands)")
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  for (const add of COMMANDS) add(program, context);
  return program;
}
