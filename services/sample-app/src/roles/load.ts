import { createLoadRun } from "../load-run.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";

/** A load client with an end: it stops at a number of requests or a time, whichever comes first. */
export const load: Role = defineRole({
  name: "load",
  summary: "Sends GET requests to one URL and prints one JSON summary.",
  flags: {
    url: { type: "string", default: "http://my-api/hello", description: "what to request" },
    requests: {
      type: "integer",
      default: 1_000,
      minimum: 1,
      maximum: 1_000_000,
      description: "stop after so many",
    },
    duration: { type: "duration", default: "30s", description: "stop after so long" },
    concurrency: {
      type: "integer",
      default: 4,
      minimum: 1,
      maximum: 256,
      description: "requests under way at a time",
    },
    rate: {
      type: "number",
      default: 0,
      minimum: 0,
      maximum: 100_000,
      description: "requests a second in all; 0: as fast as answers come",
    },
    "keep-alive": {
      type: "boolean",
      default: false,
      description: "reuse connections; otherwise every request opens one and so gets a new choice",
    },
    timeout: { type: "duration", default: "5s", description: "for one request" },
  },
  run: async ({ signal, stdout }, flags) => {
    const run = createLoadRun({
      url: flags.url,
      requests: flags.requests,
      durationMs: flags.duration,
      concurrency: flags.concurrency,
      rate: flags.rate,
      keepAlive: flags["keep-alive"],
      timeoutMs: flags.timeout,
    });
    const summary = await run(signal);
    stdout(`${JSON.stringify(summary)}\n`);
    return summary.failed === 0 ? 0 : 1;
  },
});
