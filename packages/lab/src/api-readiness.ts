import type { RestClient } from "@kubehop/client";
import { setTimeout as delay } from "node:timers/promises";
import { LabError } from "./lab-error.ts";

const RETRY_MS = 25;
const ATTEMPT_MS = 2_000;

/** Waits until the API server's /readyz says ok. Throws when the signal aborts. */
export async function waitForApiServer(rest: RestClient, signal: AbortSignal): Promise<void> {
  let last: unknown;
  while (!signal.aborted) {
    try {
      const attempt = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]);
      const { body } = await rest.request({ method: "GET", path: "/readyz", signal: attempt });
      body.resume();
      return;
    } catch (error) {
      last = error;
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => {});
  }
  if (signal.reason instanceof LabError) throw signal.reason;
  throw new LabError(
    `The API server did not become ready: ${last instanceof Error ? last.message : "no answer"}.`,
    "See its log, or start with --timeout to wait longer.",
    { cause: last },
  );
}
