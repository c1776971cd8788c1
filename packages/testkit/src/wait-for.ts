import { setTimeout as delay } from "node:timers/promises";

/** How long to wait for a condition, and what to call it when it does not come. */
export interface WaitOptions {
  /** 60 s when absent: against a hang, generous for a machine that does much else. */
  readonly timeoutMs?: number;
  /** Says what was waited for and, best, what was seen instead. */
  readonly describe?: string | (() => string);
}

const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 50;

/**
 * Waits until the condition gives a value that is neither undefined nor false, and gives it. A
 * condition that throws is not met yet. Rejects after the time-out with the description and the
 * last error.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, false | undefined>> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const deadline = performance.now() + timeoutMs;
  let pause = FIRST_PAUSE_MS;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) throw timedOut(options, timeoutMs, lastError);
    await delay(pause);
    pause = Math.min(pause * 2, MAX_PAUSE_MS);
  }
}

function timedOut(options: WaitOptions, timeoutMs: number, cause: unknown): Error {
  const { describe } = options;
  const what = typeof describe === "function" ? describe() : (describe ?? "a condition");
  const text = `waited ${timeoutMs} ms for: ${what}`;
  return new Error(text, cause === undefined ? {} : { cause });
}
