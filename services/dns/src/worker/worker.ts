import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Logger } from "@kubehop/kit";
import { programFile } from "@kubehop/kit/programs";
import type { Assignment, FromWorker, ToWorker, WorkerSetting } from "./messages.ts";
import type { MetricFamilies } from "./metrics.ts";

/** A thread with sockets of its own on the process's ports. */
export interface DnsWorker extends AsyncDisposable {
  /** Gives it another Corefile; resolves when it answers from it, or after a deadline. */
  serve(assignment: Assignment): Promise<void>;
  /** Whether it answers from the Corefile it was given. */
  serving(): boolean;
  /** Its metrics; those of the last time when it is too busy to say, none from one that starts. */
  report(): Promise<MetricFamilies>;
}

/** What a worker is started with. */
export interface WorkerOptions {
  readonly setting: WorkerSetting;
  readonly logger: Logger;
  /** Ends the process: a plugin said that going on would do harm. */
  abort(): void;
}

/** A thread reads its sources and waits for the cluster, at most `startup_timeout`. */
const SERVE_MS = 30_000;
const REPORT_MS = 2_000;
/** Answers under way get 5 s (`GRACE_MS`). */
const STOP_MS = 8_000;
const RESTART_MS = 1_000;

/** Starts a worker. One that ends by itself is started again after a second. */
export function startWorker(options: WorkerOptions): DnsWorker {
  const { setting, logger } = options;
  const { index: worker } = setting;
  let assignment: Assignment | undefined;
  let serving = Promise.withResolvers<void>();
  let isServing = false;
  let reported = Promise.withResolvers<void>();
  let reports = 0;
  let last: MetricFamilies = [];
  const thread = keepThread(options, {
    hear(message) {
      if (message.kind === "abort") return options.abort();
      if (message.kind === "report") {
        if (message.id !== reports) return;
        last = message.families;
        return reported.resolve();
      }
      isServing = message.kind === "serving";
      if (message.kind === "failed") {
        const { reason } = message;
        logger.error({ worker, reason }, "a worker cannot take over the Corefile");
      }
      serving.resolve();
    },
    restarted() {
      isServing = false;
      if (assignment !== undefined) thread.send({ kind: "serve", assignment });
    },
  });
  return {
    async serve(next) {
      assignment = next;
      isServing = false;
      serving = Promise.withResolvers();
      thread.send({ kind: "serve", assignment });
      const inTime = await within(serving.promise, SERVE_MS);
      if (!inTime) logger.warn({ worker }, "a worker is not serving yet");
    },
    serving: () => isServing,
    async report() {
      reported = Promise.withResolvers();
      thread.send({ kind: "report", id: ++reports });
      await within(reported.promise, REPORT_MS);
      return last;
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

interface Thread extends AsyncDisposable {
  send(message: ToWorker): void;
}

interface ThreadEvents {
  hear(message: FromWorker): void;
  /** Another thread stands in for one that ended. */
  restarted(): void;
}

/** A thread that is started again as long as it is wanted. */
function keepThread({ setting, logger }: WorkerOptions, events: ThreadEvents): Thread {
  const { index: worker } = setting;
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  const start = (): Worker => {
    const thread = new Worker(programFile("dns-worker"), { workerData: setting });
    thread.on("message", (message: FromWorker) => events.hear(message));
    thread.on("error", (error) => logger.error({ err: error, worker }, "a worker failed"));
    thread.once("exit", (code) => {
      if (stopping) return;
      logger.error({ worker, code }, "a worker ended; another takes its place");
      restart = setTimeout(() => {
        current = start();
        events.restarted();
      }, RESTART_MS);
    });
    return thread;
  };
  let current = start();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  const send = (message: ToWorker): void => current.postMessage(message);
  return {
    send,
    async [Symbol.asyncDispose]() {
      stopping = true;
      clearTimeout(restart);
      const exited = current.threadId === -1 ? Promise.resolve() : once(current, "exit");
      send({ kind: "stop" });
      if (!(await within(exited, STOP_MS))) await current.terminate();
    },
  };
}

/** Whether it came in time. */
async function within(coming: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const inTime = await Promise.race([coming.then(() => true), late.promise]);
  clearTimeout(timer);
  return inTime;
}
