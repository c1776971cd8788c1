import { setTimeout as delay } from "node:timers/promises";
import { checkTcp, listenTcp, type RelayOptions } from "./tcp-relay.ts";

const RETRY_MS = 100;

/**
 * Relays a TCP port as long as its target accepts connections, so that a target that refuses is
 * seen as a port that refuses. Only the connection that finds out is reset: the kernel had
 * accepted it. While the port is closed the target is tried every 100 ms. Resolves when the signal
 * aborts; rejects when the port cannot be listened on.
 */
export async function mirrorTcp(options: RelayOptions, signal: AbortSignal): Promise<void> {
  while (await targetAccepts(options, signal)) {
    const failed = Promise.withResolvers<void>();
    const onAbort = (): void => failed.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await using _relay = await listenTcp({
      ...options,
      onFailure(error) {
        options.onFailure?.(error);
        failed.resolve();
      },
    });
    await failed.promise;
    signal.removeEventListener("abort", onAbort);
  }
}

/** Tries until the target accepts; false when the signal aborts. */
async function targetAccepts(options: RelayOptions, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await checkTcp(options);
      return true;
    } catch {
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}
