import { isConflict } from "@kubehop/api";
import type { Logger } from "./logger.ts";
import type { WorkQueue } from "./workqueue.ts";

/** What a controller does with the keys of its queue. */
export interface ControllerOptions {
  /** Names it in logs. */
  readonly name: string;
  readonly queue: WorkQueue;
  /** Makes the world fit for one key. It may throw: the key comes again after its back-off. */
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
      report(logger, { controller: name, key, retries: queue.retries(key), err });
      queue.addRateLimited(key);
    } finally {
      queue.done(key);
    }
  }
}

/** A lost race is how optimistic writes work; anything else somebody may want to see. */
function report(logger: Logger, fields: { err: unknown; [field: string]: unknown }): void {
  if (isConflict(fields.err)) logger.debug(fields, "conflict, will retry");
  else logger.warn(fields, "reconcile failed, will retry");
}
