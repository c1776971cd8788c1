import type { Pod } from "@kubehop/api";
import type { RestClient, RestOptions } from "@kubehop/client/api-server";
import { execToText } from "./exec-to-text.ts";
import { PodError } from "./pod-error.ts";

/** The pod that asks, and how to reach it. */
export interface AskingPod {
  readonly rest: RestClient;
  readonly server: RestOptions;
  readonly pod: Pod;
  readonly signal?: AbortSignal;
}

/** A command that prints one JSON document, and what to tell the user when it does not. */
export interface ReportingCommand {
  readonly command: readonly string[];
  readonly next: string;
}

/** Runs a command in a pod and gives the document it printed. Throws PodError with what it said. */
export async function askInPod<T>(
  { server, pod, signal }: AskingPod,
  { command, next }: ReportingCommand,
): Promise<T> {
  const { namespace = "default", name } = pod.metadata;
  const { stdout, stderr } = await execToText({
    server,
    namespace,
    pod: name,
    command,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    return JSON.parse(stdout) as T;
  } catch {
    const said = stderr.trim() || "no output";
    throw new PodError(`Nothing could be sent from pod ${namespace}/${name}: ${said}`, next);
  }
}
