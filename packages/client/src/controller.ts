import { isConflict, StatusError } from "@kubehop/api";
import type { Logger } from "./logger.ts";
import { ServerUnreachable } from "./rest-transport.ts";
import type { WorkQueue } from "./workqueue.ts";

/** What a controller does with the keys of its queue. */
export interface ControllerOptions {
  /** Names it in logs. */
  readonly name: string;
  readonly queue: WorkQueue;
  /**
   * Makes the world fit for one key. It may throw: the key comes again after its back-off, or each
   * half second while the API server cannot be reached.
   */
  reconcile(key: string, signal: AbortSignal): Promise<void>;
  /** How many keys are worked on at a time. */
  readonly workers: number;
  readonly logger: Logger;
  /** Ends the controller. */
  readonly signal: AbortSignal;
}

/**
 * Works off a queue until the signal aborts; resolves when the last reconcile has ended. It shuts
 * the queue down.
 */
export async function runController(options: ControllerOptions): Promise<void> {
  const { queue, signal } = options;
  const stop = (): void => queue.shutDown();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  await Promise.all(Array.from({ length: options.workers }, () => work(options)));
  signal.removeEventListener("abort", stop);
}

async function work({ name, queue, reconcile, logger, signal }: ControllerOptions): Promise<void> {
  for (;;) {
    const key = await queue.get();
    if (key === undefined) return;
    try {
      await reconcile(key, signal);
      queue.forget(key);
    } catch (err) {
      if (signal.aborted) return;
      report(logger, { controller: name, key, retries: queue.retries(key) }, err);
      if (isUnavailable(err)) queue.addAfter(key, UNAVAILABLE_RETRY_MS);
      else queue.addRateLimited(key);
    } finally {
      queue.done(key);
    }
  }
}

/** An API server that comes back must not wait for the back-off of keys that did nothing wrong. */
const UNAVAILABLE_RETRY_MS = 500;

function isUnavailable(error: unknown): boolean {
  if (error instanceof ServerUnreachable) return true;
  return error instanceof StatusError && (error.code === 503 || error.code === 504);
}

/** A lost race is how optimistic writes work; a stack is of use only where the fault is ours. */
function report(logger: Logger, fields: object, error: unknown): void {
  if (isConflict(error)) return logger.debug(fields, "conflict, will retry");
  const isAnswer = error instanceof StatusError || error instanceof ServerUnreachable;
  const details = isAnswer ? { cause: error.message } : { err: error };
  logger.warn({ ...fields, ...details }, "reconcile failed, will retry");
}
