import { setTimeout as delay } from "node:timers/promises";
import { draw } from "./client.ts";
import type { Cluster } from "./cluster.ts";

/** How often what was killed. */
export type Kills = Record<"first" | "second" | "nats", number>;

/** Mean time between two kills, and how long something stays dead at most. */
const PAUSE_MS = 1_500;
const DEAD_MS = 1_000;

/**
 * Kills (-9) one of the API servers or nats-server at random moments until the signal, and starts
 * it again a little later. Everything runs when it resolves.
 */
export async function disturb(
  cluster: Cluster,
  random: () => number,
  signal: AbortSignal,
): Promise<Kills> {
  const kills: Kills = { first: 0, second: 0, nats: 0 };
  const victims = {
    first: cluster.servers[0],
    second: cluster.servers[1],
    nats: cluster.nats,
  };
  const pause = (limit: number): Promise<void> =>
    delay(limit * random(), undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    await pause(PAUSE_MS * 2);
    if (signal.aborted) break;
    const name = draw(["first", "second", "nats"] as const, random);
    kills[name] += 1;
    await victims[name]?.kill();
    await pause(DEAD_MS);
    await victims[name]?.restart();
  }
  return kills;
}
