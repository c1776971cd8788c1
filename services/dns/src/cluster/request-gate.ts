import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@kubehop/kit";
import type { RestClientMetrics } from "../plugins/metrics.ts";

/** How fast and how many requests may be sent; 0 for no limit. */
export interface RequestLimits {
  readonly qps: number;
  readonly burst: number;
  readonly maxInflight: number;
}

/** Lets requests through at the configured pace, and counts them. */
export interface RequestGate {
  run<T>(verb: "list" | "watch", request: () => Promise<T>): Promise<T>;
}

/** What a gate is made from. */
export interface RequestGateOptions {
  readonly limits: RequestLimits;
  readonly clock: Clock;
  readonly metrics: RestClientMetrics;
  /** The API server's, for labels. */
  readonly host: string;
}

/** Creates a gate with a full bucket of `burst` requests that fills at `qps`. */
export function createRequestGate({
  limits,
  clock,
  metrics,
  host,
}: RequestGateOptions): RequestGate {
  const size = Math.max(limits.burst, 1);
  let tokens = size;
  let filledAt = clock.monotonic();
  let inflight: Promise<unknown>[] = [];
  const waitForToken = async (): Promise<void> => {
    if (limits.qps === 0) return;
    const now = clock.monotonic();
    tokens = Math.min(size, tokens + ((now - filledAt) * limits.qps) / 1000);
    filledAt = now;
    tokens -= 1;
    if (tokens < 0) await delay((-tokens * 1000) / limits.qps);
  };
  return {
    async run(verb, request) {
      const asked = clock.monotonic();
      await waitForToken();
      while (limits.maxInflight > 0 && inflight.length >= limits.maxInflight) {
        await Promise.race(inflight);
      }
      const started = clock.monotonic();
      metrics.rateLimiter(verb, host).observe((started - asked) / 1000);
      const answer = request();
      const settled = answer.then(
        () => undefined,
        () => undefined,
      );
      inflight.push(settled);
      try {
        const result = await answer;
        metrics.requests("200", "GET", host).inc();
        return result;
      } catch (error) {
        metrics.requests(codeOf(error), "GET", host).inc();
        throw error;
      } finally {
        inflight = inflight.filter((each) => each !== settled);
        metrics.duration(verb, host).observe((clock.monotonic() - started) / 1000);
      }
    },
  };
}

/** The HTTP status of a StatusError; client-go says `<error>` where there was no answer. */
function codeOf(error: unknown): string {
  const status = (error as { readonly code?: unknown }).code;
  return typeof status === "number" ? String(status) : "<error>";
}
