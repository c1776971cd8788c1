import type { Bus, Clock, EventRecorder, Logger, RestClient, WorkQueue } from "@kubehop/client";
import type { Caches } from "../caches.ts";
import type { Settings } from "../config.ts";
import type { Writer } from "../writer.ts";

/** What a controller is built from. */
export interface Context {
  /** What the cluster looks like. */
  readonly caches: Caches;
  /** How it is changed. */
  readonly writer: Writer;
  /** For the few requests that are not plain writes (bindings, finalize, live reads). */
  readonly rest: RestClient;
  readonly events: EventRecorder;
  /** Tells when the caches were blind for a while. */
  readonly bus: Pick<Bus, "onReconnect">;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the controllers are to stop. */
  readonly signal: AbortSignal;
}

/** Makes the world fit for one key; throws to be called again later. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<void>;

/** One loop of the controller manager. */
export interface Controller {
  /** Upstream's name where it has one; names the queue in metrics and logs. */
  readonly name: string;
  /** How many keys it works on at a time. */
  readonly workers: number;
  /**
   * Subscribes to the caches, so that changes put keys into the queue, and gives what is to be done
   * with a key. Called before the caches are filled: every object arrives as a change.
   */
  build(context: Context, queue: WorkQueue): Reconcile;
}

/** Adds a key to the queue now and then every `periodMs`, until the signal aborts. */
export function addPeriodically(
  { signal }: Context,
  queue: WorkQueue,
  { key, periodMs }: { readonly key: string; readonly periodMs: number },
): void {
  queue.add(key);
  const timer = setInterval(() => queue.add(key), periodMs);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
