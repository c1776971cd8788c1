import { createInterface } from "node:readline";
import type { HopEvent } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";

/** How long events may come later than the answer they belong to. */
const SETTLE_MS = 1_000;
const HOPS_PATH = "/apis/kubehop.dev/v1alpha1/hops";

/** Hop events of the whole cluster while it is open. Disposing it ends the stream. */
export interface HopStream extends Disposable {
  /**
   * Joins what was received, again with each event, until it is complete; what is incomplete after
   * a second is given as it is.
   */
  joined<T extends { readonly complete: boolean }>(
    join: (events: readonly HopEvent[]) => T,
  ): Promise<T>;
}

/** Opens the API server's stream of hop events; components send them as long as it is open. */
export async function openHopStream(rest: RestClient): Promise<HopStream> {
  const { body } = await rest.request({ method: "GET", path: HOPS_PATH });
  const events: HopEvent[] = [];
  let arrived = Promise.withResolvers<void>();
  const lines = createInterface({ input: body });
  lines.on("line", (line) => {
    if (line.trim() === "") return;
    events.push(JSON.parse(line) as HopEvent);
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  body.on("error", () => arrived.resolve());
  const next = async (timeoutMs: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([arrived.promise, late]);
    clearTimeout(timer);
  };
  return {
    async joined(join) {
      const deadline = performance.now() + SETTLE_MS;
      for (;;) {
        const result = join(events);
        const leftMs = deadline - performance.now();
        if (result.complete || leftMs <= 0) return result;
        await next(leftMs);
      }
    },
    [Symbol.dispose]() {
      lines.close();
      body.destroy();
    },
  };
}
