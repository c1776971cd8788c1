import { setTimeout as delay } from "node:timers/promises";
import type { Kit } from "@kubehop/kit";
import { listenDefaults } from "../corefile-server.ts";
import type { DnsConfig } from "../config.ts";
import { createDnsParts } from "../dns-parts.ts";
import { buildInstance, type Instance } from "../instance.ts";
import type { Assignment } from "./messages.ts";

/** The part of the server that a worker is: plugins and sockets, without HTTP and reload. */
export interface Answerer extends AsyncDisposable {
  /** Answers from another Corefile; resolves when its plugins are ready. One after the other. */
  serve(assignment: Assignment): Promise<void>;
}

/** What a worker's thread gives it. */
export interface WorkerProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly index: number;
  abort(): void;
}

const READY_MS = 20;

/** Creates what answers in a worker. */
export function createAnswerer(
  config: DnsConfig,
  kit: Kit,
  { env, index, abort }: WorkerProcess,
): Answerer {
  const { listeners, cluster, context } = createDnsParts(config, kit, { env, abort });
  let current: Instance | undefined;
  let retired: Promise<unknown> = Promise.resolve();
  let changing: Promise<void> = Promise.resolve();
  let stopped = false;

  const take = async ({ corefile, ports }: Assignment): Promise<void> => {
    const options = {
      context: {
        ...context,
        checkCorefile: async () => undefined,
        warnUsers: () => undefined,
        workersServe: () => true,
        exposition: async () => "",
      },
      ...listenDefaults(config),
    };
    const next = buildInstance(corefile, options);
    const addresses = next.addresses
      .map((address, place) => ({ ...address, port: ports[place] ?? address.port }))
      .filter(({ sockets }) => sockets > index);
    try {
      await next.start();
      const bound = await (await listeners.prepare(addresses)).commit();
      next.listening(bound);
    } catch (error) {
      await next.stop();
      throw error;
    }
    retired = Promise.all([retired, current?.stop()]);
    current = next;
    await untilReady(next, () => !stopped && current === next);
  };
  return {
    serve(assignment) {
      const done = changing.then(() => take(assignment));
      changing = done.catch(() => undefined);
      return done;
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await changing;
      await listeners[Symbol.asyncDispose]();
      await Promise.all([retired, current?.stop()]);
      await cluster[Symbol.asyncDispose]();
    },
  };
}

async function untilReady(instance: Instance, isWanted: () => boolean): Promise<void> {
  while (isWanted() && instance.notReady().length > 0) await delay(READY_MS);
}
