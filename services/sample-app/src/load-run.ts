import { createHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";

/** How much load, and to where. */
export interface LoadOptions {
  url: string;
  /** Upper bound of requests. */
  requests: number;
  durationMs: number;
  concurrency: number;
  /** Requests a second; 0 = no limit. */
  rate: number;
  keepAlive: boolean;
  timeoutMs: number;
}

/** What came of it. `sent` = `ok` + `failed`; an HTTP status of 400 and above is a failure. */
export interface LoadSummary {
  url: string;
  sent: number;
  ok: number;
  failed: number;
  durationMs: number;
  /** Answers by the pod that gave them (the `pod` field of a backend's JSON), most common first. */
  pods: Record<string, number>;
  /** Failures by error code or "HTTP <status>". */
  errors: Record<string, number>;
  /** The first failures with their times (unix ms), to be held against other events. */
  failures: { time: number; error: string }[];
  latencyMs: { p50: number; p90: number; p99: number; max: number };
}

const MAX_FAILURES_KEPT = 1_000;
const MICROSECONDS = 1_000;

/** Prepares a run; the returned function sends until a bound is met or its signal aborts. */
export function createLoadRun(options: LoadOptions): (signal: AbortSignal) => Promise<LoadSummary> {
  return async (signal) => {
    const tally = createTally(options.url);
    const dispatcher = new Agent(options.keepAlive ? {} : { pipelining: 0 });
    const end = AbortSignal.any([signal, AbortSignal.timeout(options.durationMs)]);
    const started = performance.now();
    const next = createPacer(options, end);
    const worker = async (): Promise<void> => {
      while (await next()) await tally.count(() => send(options, dispatcher));
    };
    await Promise.all(Array.from({ length: options.concurrency }, worker));
    await dispatcher.destroy();
    return tally.summary(performance.now() - started);
  };
}

/** Grants one request at a time: false once the number or the time is used up. */
function createPacer(options: LoadOptions, end: AbortSignal): () => Promise<boolean> {
  const interval = options.rate > 0 ? 1_000 / options.rate : 0;
  let granted = 0;
  let due = performance.now();
  return async () => {
    if (granted >= options.requests || end.aborted) return false;
    granted += 1;
    due = Math.max(due + interval, performance.now() - interval);
    const wait = due - performance.now();
    if (wait > 1) await delay(wait, undefined, { signal: end }).catch(() => undefined);
    return !end.aborted;
  };
}

async function send(options: LoadOptions, dispatcher: Agent): Promise<string> {
  const { statusCode, body } = await request(options.url, {
    dispatcher,
    signal: AbortSignal.timeout(options.timeoutMs),
    reset: !options.keepAlive,
  });
  const text = await body.text();
  if (statusCode >= 400) throw new Error(`HTTP ${statusCode}`);
  return podOf(text);
}

function podOf(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    const pod = answer && typeof answer === "object" && "pod" in answer ? answer.pod : undefined;
    return typeof pod === "string" ? pod : "";
  } catch {
    return "";
  }
}

function createTally(url: string) {
  const histogram = createHistogram({ lowest: 1, highest: 3_600_000 * MICROSECONDS, figures: 3 });
  const pods = new Map<string, number>();
  const errors = new Map<string, number>();
  const failures: LoadSummary["failures"] = [];
  let ok = 0;
  let failed = 0;

  const fail = (error: unknown): void => {
    const text = errorText(error);
    failed += 1;
    increment(errors, text);
    if (failures.length < MAX_FAILURES_KEPT) failures.push({ time: Date.now(), error: text });
  };
  return {
    count: async (sendOne: () => Promise<string>): Promise<void> => {
      const started = performance.now();
      try {
        const pod = await sendOne();
        ok += 1;
        if (pod !== "") increment(pods, pod);
        histogram.record(Math.max(1, Math.round((performance.now() - started) * MICROSECONDS)));
      } catch (error) {
        fail(error);
      }
    },
    summary: (durationMs: number): LoadSummary => ({
      url,
      sent: ok + failed,
      ok,
      failed,
      durationMs: Math.round(durationMs),
      pods: byCount(pods),
      errors: byCount(errors),
      failures,
      latencyMs: {
        p50: histogram.percentile(50) / MICROSECONDS,
        p90: histogram.percentile(90) / MICROSECONDS,
        p99: histogram.percentile(99) / MICROSECONDS,
        max: histogram.max / MICROSECONDS,
      },
    }),
  };
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : error.message;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function byCount(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}
