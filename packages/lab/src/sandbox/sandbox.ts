import { createSupervisor, type Supervisor } from "../supervisor/supervisor.ts";
import type { ProcessSpec } from "../supervisor/process-spec.ts";
import { serveControl } from "./control-server.ts";
import { buildNetwork } from "./network.ts";
import type { SandboxCommand, SandboxEvent } from "./protocol.ts";

/** The inside of a sandbox: takes commands, reports events. Disposing it ends every process. */
export interface Sandbox extends AsyncDisposable {
  handle(command: Exclude<SandboxCommand, { type: "stop" }>): void;
}

/** Creates the inside of a sandbox. It does nothing before the command "prepare". */
export function createSandbox(emit: (event: SandboxEvent) => void): Sandbox {
  const early: ProcessSpec[] = [];
  const resources = new AsyncDisposableStack();
  let supervisor: Supervisor | undefined;

  const prepare = async (command: SandboxCommand & { type: "prepare" }): Promise<void> => {
    const begun = performance.now();
    await buildNetwork(command.network);
    const { logDirectory } = command;
    supervisor = resources.use(createSupervisor({ logDirectory, onEvent: emit }));
    early.forEach(supervisor.start);
    resources.use(await serveControl(command.directory, supervisor));
    emit({ type: "prepared", ms: performance.now() - begun });
  };

  return {
    handle(command) {
      if (command.type === "prepare") {
        prepare(command).catch((error: Error) => emit({ type: "failed", message: error.message }));
      } else if (supervisor === undefined) {
        early.push(command.process);
      } else {
        supervisor.start(command.process);
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
