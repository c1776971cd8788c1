import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
import type { HopEvent, SyncedEvent } from "@kubehop/api";
import type { RestClient } from "@kubehop/client";

const HOPS_PATH = "/apis/kubehop.dev/v1alpha1/hops";
const SYNC_TIMEOUT_MS = 60_000;

/** Everything the data path told since the recording began. */
export interface HopRecording extends AsyncDisposable {
  readonly events: readonly HopEvent[];
  /**
   * Resolves as soon as the kube-proxy of every node has told that it serves that version.
   * Rejects after 60 s with what they serve.
   */
  proxiesSynced(nodes: readonly string[], resourceVersion: string): Promise<void>;
}

/** Records the hop events of a cluster, as `kubehop trace` sees them. */
export async function recordHops({ rest }: { rest: RestClient }): Promise<HopRecording> {
  const controller = new AbortController();
  const { signal } = controller;
  const { body } = await rest.request({ method: "GET", path: HOPS_PATH, signal });
  const events: HopEvent[] = [];
  const versions = new Map<string, number>();
  const arrivals = new EventEmitter();
  const lines = createInterface({ input: body });
  body.on("error", () => lines.close());
  lines.on("line", (line) => {
    if (line.trim() === "") return;
    const event = JSON.parse(line) as HopEvent;
    events.push(event);
    if (event.type === "synced") remember(versions, event);
    arrivals.emit("event");
  });
  return {
    events,
    proxiesSynced: async (nodes, resourceVersion) => {
      const wanted = Number(resourceVersion);
      const deadline = AbortSignal.timeout(SYNC_TIMEOUT_MS);
      while (!nodes.every((node) => (versions.get(`kube-proxy ${node}`) ?? 0) >= wanted)) {
        await once(arrivals, "event", { signal: deadline }).catch(() => {
          const served = JSON.stringify([...versions]);
          throw new Error(`not every kube-proxy came to serve ${wanted}: ${served}`);
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      lines.close();
      body.destroy();
    },
  };
}

function remember(versions: Map<string, number>, event: SyncedEvent): void {
  const key = `${event.component} ${event.node}`;
  versions.set(key, Math.max(versions.get(key) ?? 0, Number(event.resourceVersion)));
}
