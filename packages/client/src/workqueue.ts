/** What a queue tells about itself; every method is optional. */
export interface WorkQueueMetrics {
  /** Called with the number of keys that wait, whenever it changes. */
  depth?(waiting: number): void;
  /** Called for each key added. */
  added?(): void;
  /** Called when a key is taken, with the seconds it waited. */
  waited?(seconds: number): void;
  /** Called when a key is done, with the seconds it took. */
  worked?(seconds: number): void;
  /** Called for each delayed try again. */
  retried?(): void;
}

/** How a queue retries and whom it tells. */
export interface WorkQueueOptions {
  /** The first delay after a failure in ms; it doubles with each. 5 when absent. */
  readonly baseDelayMs?: number;
  /** The longest delay in ms; 1000 s when absent. */
  readonly maxDelayMs?: number;
  readonly metrics?: WorkQueueMetrics;
}

/**
 * Keys to work on. Guarantees (those of client-go's workqueue):
 * 1. Fair: keys come out in the order they went in.
 * 2. Stingy: a key that waits already is not added again.
 * 3. Alone: a key is never given to two workers; added while one works on it, it comes again when
 *    that one is done.
 */
export interface WorkQueue {
  add(key: string): void;
  /** Adds the key after a delay; of several delays of one key the shortest wins. */
  addAfter(key: string, delayMs: number): void;
  /** Adds the key after its back-off: baseDelay · 2ⁿ, n = its failures since `forget`. */
  addRateLimited(key: string): void;
  /** The key went well: its next failure backs off from the start. */
  forget(key: string): void;
  /** The failures of the key since `forget`. */
  retries(key: string): number;
  /** Gives the next key, or undefined once the queue was shut down. */
  get(): Promise<string | undefined>;
  /** Says that the work on a key given by `get` ended, well or not. */
  done(key: string): void;
  /** How many keys wait (not those worked on or delayed). */
  length(): number;
  /** Drops everything that waits; `get` gives undefined from now on. */
  shutDown(): void;
}

const DEFAULT_BASE_DELAY_MS = 5;
const DEFAULT_MAX_DELAY_MS = 1_000_000;

/** Creates an empty queue. */
export function createWorkQueue(options: WorkQueueOptions = {}): WorkQueue {
  return new KeyQueue(options);
}

interface Delayed {
  readonly at: number;
  readonly timer: NodeJS.Timeout;
}

class KeyQueue implements WorkQueue {
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #metrics: WorkQueueMetrics;
  /** Keys that wait, in order, with the time they were added. */
  readonly #waiting = new Map<string, number>();
  /** Keys being worked on, with the time they were taken. */
  readonly #processing = new Map<string, number>();
  /** Keys that were added while being worked on. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #shutDown = false;

  constructor(options: WorkQueueOptions) {
    this.#baseDelayMs = options.baseDelayMs ?? DEFAULT_BASE_DELAY_MS;
    this.#maxDelayMs = options.maxDelayMs ?? DEFAULT_MAX_DELAY_MS;
    this.#metrics = options.metrics ?? {};
  }

  add(key: string): void {
    if (this.#shutDown || this.#waiting.has(key) || this.#dirty.has(key)) return;
    this.#metrics.added?.();
    if (this.#processing.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#waiting.set(key, performance.now());
    const taker = this.#takers.shift();
    if (taker === undefined) this.#metrics.depth?.(this.#waiting.size);
    else taker(this.#take());
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#shutDown) return;
    if (delayMs <= 0) return this.add(key);
    const at = performance.now() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier !== undefined && earlier.at <= at) return;
    clearTimeout(earlier?.timer);
    const timer = setTimeout(() => {
      this.#delayed.delete(key);
      this.add(key);
    }, delayMs);
    this.#delayed.set(key, { at, timer });
  }

  addRateLimited(key: string): void {
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    this.#metrics.retried?.();
    this.addAfter(key, Math.min(this.#baseDelayMs * 2 ** failures, this.#maxDelayMs));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  get(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    if (this.#shutDown || this.#waiting.size > 0) resolve(this.#take());
    else this.#takers.push(resolve);
    return promise;
  }

  done(key: string): void {
    const since = this.#processing.get(key);
    if (since === undefined) return;
    this.#processing.delete(key);
    this.#metrics.worked?.((performance.now() - since) / 1_000);
    if (this.#dirty.delete(key)) this.add(key);
  }

  length(): number {
    return this.#waiting.size;
  }

  shutDown(): void {
    this.#shutDown = true;
    this.#waiting.clear();
    this.#dirty.clear();
    this.#failures.clear();
    for (const { timer } of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #take(): string | undefined {
    for (const [key, since] of this.#waiting) {
      const now = performance.now();
      this.#waiting.delete(key);
      this.#processing.set(key, now);
      this.#metrics.depth?.(this.#waiting.size);
      this.#metrics.waited?.((now - since) / 1_000);
      return key;
    }
    return undefined;
  }
}
