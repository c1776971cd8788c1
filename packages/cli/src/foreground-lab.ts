import { type LabOptions, type RunningLab, startLab, type SupervisorEvent } from "@kubehop/lab";
import { createStyle, formatMs } from "@kubehop/trace";
import { CliError } from "./cli-error.ts";
import type { CliContext } from "./context.ts";
import { createProgressView } from "./output/progress.ts";

/**
 * Starts a lab, calls `onReady` once, and keeps it until Ctrl-C. Whatever the end, the lab is gone
 * when this resolves. Throws CliError when the lab ends by itself.
 */
export async function runLabInForeground(
  context: CliContext,
  options: LabOptions,
  onReady: (lab: RunningLab) => Promise<void>,
): Promise<void> {
  const style = createStyle(context.colour);
  await using lab = await startWithProgress(context, options);
  await onReady(lab);
  const reason = await Promise.race([lab.ended, aborted(context.signal)]);
  if (reason !== undefined) {
    throw new CliError(`The lab ended by itself (${reason}).`, "Start it again.");
  }
  context.stderr.write(style.dim("ending the lab\n"));
}

async function startWithProgress(context: CliContext, options: LabOptions): Promise<RunningLab> {
  const style = createStyle(context.colour);
  using view = createProgressView(context.stderr, style);
  const { parent } = context;
  let ready = false;
  const signals = [context.signal, ...(parent === undefined ? [] : [parent.lost])];
  const lab = await startLab({
    ...options,
    signal: AbortSignal.any(signals),
    onProgress: ({ message, elapsedMs }) => {
      view.show({ message, elapsedMs });
      parent?.send({ type: "progress", message, elapsedMs });
    },
    onEvent: (event) => {
      const text = ready ? describeExit(event) : undefined;
      if (text !== undefined) context.stderr.write(`${text}\n`);
    },
  });
  ready = true;
  return lab;
}

/** A process that ended unexpectedly is worth a line. */
function describeExit(event: SupervisorEvent): string | undefined {
  if (event.type !== "exited" || event.retryMs === undefined) return undefined;
  return `${event.name} ended (${event.reason}); it is started again in ${formatMs(event.retryMs)}`;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** What a user needs to know of a lab that is ready. */
export function describeLab(lab: RunningLab): string {
  const name = lab.name === "lab" ? "" : ` --name ${lab.name}`;
  return [
    `kubeconfig   ${lab.kubeconfig}`,
    `API server   ${lab.server}`,
    `try          npx kubehop status${name}`,
    `             npx kubehop trace http://my-api/hello${name}`,
    `             export KUBECONFIG=${lab.kubeconfig}; kubectl get pods -A -o wide`,
    "",
  ].join("\n");
}
