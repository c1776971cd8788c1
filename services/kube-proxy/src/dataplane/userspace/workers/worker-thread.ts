import { Worker } from "node:worker_threads";
import { programFile } from "@kubehop/kit/programs";
import type { UnboundPort } from "../../dataplane.ts";
import type { SyncRequest, WorkerReport, WorkerRequest, WorkerStart } from "./messages.ts";

/** A thread that forwards. Disposing closes its listening sockets and resets its connections. */
export interface WorkerThread extends AsyncDisposable {
  /** Resolves when new flows follow; rejects with what the worker's own sync said. */
  sync(request: Omit<SyncRequest, "type">): Promise<void>;
  unboundPorts(): readonly UnboundPort[];
}

/** What a worker's owner wants to hear. */
export interface WorkerEvents {
  onHop(event: Extract<WorkerReport, { type: "hop" }>["event"]): void;
  onBindFailed(frontend: string, problem: string): void;
}

/** How long a worker may take to let go of its sockets. */
const CLOSE_MS = 5_000;

/** Starts a thread. An error nobody expects in it ends the process, as one in this thread would. */
export function startWorkerThread(start: WorkerStart, events: WorkerEvents): WorkerThread {
  const worker = new Worker(programFile("kube-proxy-worker"), {
    workerData: start,
    name: "forwarder",
  });
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  let unbound: readonly UnboundPort[] = [];
  const send = (request: WorkerRequest): void => worker.postMessage(request, []);
  const exited = Promise.withResolvers<void>();
  worker.on("exit", () => {
    exited.resolve();
    for (const { reject } of waiting.splice(0)) reject(new Error("a forwarder thread has ended"));
  });
  worker.on("error", (error) => {
    throw error;
  });
  worker.on("message", (report: WorkerReport) => {
    if (report.type === "hop") events.onHop(report.event);
    else if (report.type === "bindFailed") events.onBindFailed(report.frontend, report.problem);
    else if (report.type === "unbound") unbound = report.ports;
    else if (report.problem === undefined) waiting.shift()?.resolve();
    else waiting.shift()?.reject(new Error(report.problem));
  });
  return {
    sync(request) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ resolve, reject });
      send({ type: "sync", ...request });
      return promise;
    },
    unboundPorts: () => unbound,
    async [Symbol.asyncDispose]() {
      send({ type: "close" });
      const deadline = setTimeout(() => void worker.terminate(), CLOSE_MS);
      await exited.promise;
      clearTimeout(deadline);
    },
  };
}
