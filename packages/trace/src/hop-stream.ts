import { createInterface } from "node:readline";
import type { HopEvent } from "@kubehop/api";
import type { RestClient } from "@kubehop/client";

const HOPS_PATH = "/apis/kubehop.dev/v1alpha1/hops";

/** Hop events of the whole cluster while it is open. Disposing it ends the stream. */
export interface HopStream extends Disposable {
  /** Everything that was received, oldest first. */
  readonly events: readonly HopEvent[];
  /** Resolves at the next event, or when the stream or the time ends. */
  next(timeoutMs: number): Promise<void>;
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
  return {
    events,
    async next(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([arrived.promise, late]);
      clearTimeout(timer);
    },
    [Symbol.dispose]() {
      lines.close();
      body.destroy();
    },
  };
}
