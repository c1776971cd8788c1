import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { findPod } from "@kubehop/trace";
import type { CliContext } from "../context.ts";
import { accessCluster } from "../lab-access.ts";
import { wholeNumber, withName, withNamespace } from "./options.ts";

interface LogsArguments {
  readonly name: string;
  readonly namespace: string;
  readonly container?: string;
  readonly follow?: true;
  readonly tail?: number;
  readonly previous?: true;
  readonly timestamps?: true;
}

/** `kubehop logs`: what a pod's container has printed. */
export function addLogs(program: Command, context: CliContext): void {
  withNamespace(withName(program.command("logs")))
    .description("print what a pod's container has written")
    .argument("<target>", "POD, deploy/NAME or sts/NAME")
    .option("-c, --container <name>", "the container; default the first one")
    .option("-f, --follow", "go on until Ctrl-C or the container's end")
    .option("--tail <lines>", "only the last lines", wholeNumber(0, 1_000_000))
    .option("-p, --previous", "of the container's run before this one")
    .option("--timestamps", "with the time of each line")
    .action(async (target: string, given: LogsArguments) => {
      await using access = await accessCluster(context, given.name);
      const { metadata } = await findPod(access.rest, given.namespace, target);
      const path = logPath(given.namespace, metadata.name, given);
      const { signal } = context;
      const { body } = await access.rest.request({ method: "GET", path, signal });
      try {
        await pipeline(body, context.stdout, { end: false, signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
}

/** The path of a container's log, with the query parameters of upstream's PodLogOptions. */
export function logPath(
  namespace: string,
  pod: string,
  options: Omit<LogsArguments, "name" | "namespace">,
): string {
  const query = new URLSearchParams();
  if (options.container !== undefined) query.set("container", options.container);
  if (options.follow === true) query.set("follow", "true");
  if (options.tail !== undefined) query.set("tailLines", String(options.tail));
  if (options.previous === true) query.set("previous", "true");
  if (options.timestamps === true) query.set("timestamps", "true");
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
