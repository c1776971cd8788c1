import { parentPort, workerData } from "node:worker_threads";
import { createLogger, systemClock } from "@kubehop/kit";
import { createAnswerer } from "./answerer.ts";
import { createWorkerRegistry } from "./metrics.ts";
import type { FromWorker, ToWorker, WorkerSetting } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this is a thread of the DNS server, not a program");
const { index, config, env } = workerData as WorkerSetting;
const say = (message: FromWorker): void => port.postMessage(message);
const registry = createWorkerRegistry();
const kit = {
  name: "dns",
  logger: createLogger({ name: "dns", level: config.logLevel }).child({ worker: index }),
  metrics: registry,
  clock: systemClock,
  random: Math.random,
  signal: new AbortController().signal,
};
const answerer = createAnswerer(config, kit, {
  env,
  index,
  abort: () => say({ kind: "abort" }),
});

port.on("message", (message: ToWorker) => {
  handle(message).catch((error: unknown) => {
    say({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  });
});

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "serve":
      await answerer.serve(message.assignment);
      return say({ kind: "serving" });
    case "report":
      return say({ kind: "report", id: message.id, families: await registry.getMetricsAsJSON() });
    case "stop":
      await answerer[Symbol.asyncDispose]();
      return process.exit(0);
    default:
      return message satisfies never;
  }
}
