import type { Probe } from "@kubehop/api";
import {
  countResult,
  type ProbeCount,
  type ProbeResult,
  type ProbeTiming,
  probeTiming,
  type ProbeType,
} from "./probe-result.ts";

/** Time as a worker needs it; tests hand in their own. */
export interface ProbeClock {
  /** unix ms. */
  now(): number;
  /** Calls back once after `ms`; disposing it calls it off. */
  after(ms: number, callback: () => void): Disposable;
}

/** What a worker probes and whom it tells. */
export interface ProbeWorkerOptions {
  readonly type: ProbeType;
  readonly probe: Probe;
  /** When the container started, unix ms. */
  readonly startedAt: number;
  readonly clock: ProbeClock;
  /** Tries once; the signal aborts at the probe's timeout or when the worker ends. */
  run(signal: AbortSignal): Promise<ProbeResult>;
  /** Called when enough results in a row agree, each time they differ from the last verdict. */
  onVerdict(success: boolean, result: ProbeResult): void;
  /** Called for each try that counts. */
  onResult?(result: ProbeResult): void;
}

/** The first and the longest pause between tries of a container that did not answer yet, in ms. */
const EAGER_DELAY_MS = 20;
const MAX_EAGER_DELAY_MS = 100;

/** The machine's clock. */
export const systemProbeClock: ProbeClock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/**
 * Probes a container until disposed: first after the initial delay, then each period. Before a
 * readiness or startup probe has succeeded once, failures of the first period are tried again soon
 * (20, 40, 80, 100, 100 … ms) and not counted: a program needs some milliseconds to listen, and a whole
 * period lost to that would be the longest part of a pod's start.
 */
export function startProbeWorker(options: ProbeWorkerOptions): Disposable {
  return new ProbeWorker(options);
}

class ProbeWorker implements Disposable {
  readonly #options: ProbeWorkerOptions;
  readonly #timing: ProbeTiming;
  readonly #stopped = new AbortController();
  #count: ProbeCount = { run: 0 };
  #verdict: boolean | undefined;
  /** No try has counted yet. */
  #isNew = true;
  #eagerDelay = EAGER_DELAY_MS;
  #timer: Disposable | undefined;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#timing = probeTiming(options.probe);
    const due = options.startedAt + this.#timing.initialDelay - options.clock.now();
    this.#next(Math.max(0, due));
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    this.#timer?.[Symbol.dispose]();
  }

  #next(ms: number): void {
    this.#timer = this.#options.clock.after(ms, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const began = this.#options.clock.now();
    const result = await this.#try();
    if (this.#stopped.signal.aborted) return;
    if (!result.success && this.#isEager(began)) {
      this.#next(this.#eagerDelay);
      this.#eagerDelay = Math.min(this.#eagerDelay * 2, MAX_EAGER_DELAY_MS);
      return;
    }
    this.#isNew = false;
    this.#next(Math.max(0, began + this.#timing.period - this.#options.clock.now()));
    this.#take(result);
  }

  #isEager(now: number): boolean {
    const { type, startedAt } = this.#options;
    if (type === "liveness" || !this.#isNew) return false;
    const age = now - startedAt - this.#timing.initialDelay;
    return age + this.#eagerDelay < this.#timing.period;
  }

  async #try(): Promise<ProbeResult> {
    const { timeout } = this.#timing;
    const late = new AbortController();
    const timer = this.#options.clock.after(timeout, () => late.abort());
    try {
      return await this.#options.run(AbortSignal.any([late.signal, this.#stopped.signal]));
    } catch (error) {
      return { success: false, message: (error as Error).message };
    } finally {
      timer[Symbol.dispose]();
    }
  }

  #take(result: ProbeResult): void {
    this.#options.onResult?.(result);
    const { count, verdict } = countResult(this.#count, result.success, this.#timing);
    this.#count = count;
    if (verdict === undefined || verdict === this.#verdict) return;
    this.#verdict = verdict;
    this.#options.onVerdict(verdict, result);
  }
}
