import { createRandom } from "@kubehop/kit";
import { waitFor } from "@kubehop/testkit";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { findViolation, type Operation } from "./testing/history/linearizability.ts";
import {
  type ObjectOperation,
  objectModel,
  type Outcome,
  type View,
} from "./testing/history/object-model.ts";
import { type Records, runClient } from "./testing/interleavings/client.ts";
import { type Cluster, startCluster } from "./testing/interleavings/cluster.ts";
import { disturb, type Kills } from "./testing/interleavings/disturbance.ts";
import { type Follower, startFollower } from "./testing/interleavings/follower.ts";
import { FOUGHT_KINDS } from "./testing/interleavings/fought-kinds.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const SECONDS = Number(process.env["TEST_SECONDS"] ?? 15);
const CLIENTS = 8;
/** Objects of each kind that are fought over at a time, and for how long. */
const SPOTS = 3;
const ROUND_MS = 1_500;
const SETTLE_MS = 60_000;

it(
  `random interleavings over two servers that are killed are linearizable (TEST_SEED=${SEED})`,
  { timeout: SECONDS * 1_000 + 240_000 },
  async () => {
    await using cluster = await startCluster();
    const followers = FOUGHT_KINDS.flatMap(({ path }, index) =>
      [0, 1].map((twin) => {
        const random = createRandom(SEED + 1_000 + index * 2 + twin);
        return startFollower({ cluster, path, random });
      }),
    );
    const { records, kills } = await fight(cluster);
    await readAll(cluster, records);
    report(records, kills, followers);

    expect(records.violations).toEqual([]);
    for (const [key, history] of records.histories) {
      const violation = findViolation(objectModel, history);
      expect(violation && explain(key, violation.stuckAt, history)).toBeUndefined();
    }
    for (const { path } of FOUGHT_KINDS) await expectAgreement(cluster, path, followers);
    await expectAllocations(cluster);
    for (const follower of followers) await follower[Symbol.asyncDispose]();
    expect(followers.flatMap(({ violations }) => violations)).toEqual([]);
  },
);

async function fight(cluster: Cluster): Promise<{ records: Records; kills: Kills }> {
  const records: Records = { histories: new Map(), violations: [], staleReads: 0 };
  const end = new AbortController();
  const started = performance.now();
  let numbers = 0;
  const fresh = (): number => (numbers += 1);
  const names = (): string[] => {
    const round = Math.floor((performance.now() - started) / ROUND_MS);
    return Array.from({ length: SPOTS }, (_, spot) => `spot-${spot}-${round}`);
  };
  const shared = { cluster, records, kinds: FOUGHT_KINDS, fresh, names, signal: end.signal };
  const clients = Array.from({ length: CLIENTS }, (_, number) =>
    runClient({ ...shared, number, random: createRandom(SEED + number) }),
  );
  const disturbed = disturb(cluster, createRandom(SEED + 500), end.signal);
  await delay(SECONDS * 1_000);
  end.abort();
  const kills = await disturbed;
  await Promise.all(clients);
  return { records, kills };
}

/** Reads every object through both servers: what was acknowledged must be there. */
async function readAll(cluster: Cluster, { histories }: Records): Promise<void> {
  for (const kind of FOUGHT_KINDS) {
    const own = [...histories].filter(([key]) => key.startsWith(`${kind.path}/`));
    for (const server of [0, 1]) {
      const call = performance.now();
      const items = await listed(cluster, server, kind.path);
      const end = performance.now();
      const shown = new Map(items.map((item) => [item.metadata.name as string, kind.show(item)]));
      own.forEach(([key, history]) => {
        const outcome = outcomeOfRead(shown.get(key.slice(kind.path.length + 1)));
        history.push({ call, return: end, what: { request: { type: "get" }, outcome } });
      });
    }
  }
}

function outcomeOfRead(view: View | undefined): Outcome {
  return view === undefined ? { type: "refused", why: "absent" } : { type: "ok", view };
}

async function listed(cluster: Cluster, server: number, path: string) {
  const answer = await waitFor(
    async () => {
      const { status, warnings, body } = await cluster.send(server, { method: "GET", path });
      return status === 200 && warnings.length === 0 && body;
    },
    { timeoutMs: SETTLE_MS, describe: `a list of ${path}` },
  );
  // oxlint-disable-next-line typescript/no-explicit-any
  return answer.items as any[];
}

/** Both servers list the same, and every follower has come to the same. */
async function expectAgreement(cluster: Cluster, path: string, followers: readonly Follower[]) {
  const stateOf = async (server: number): Promise<Map<string, string>> => {
    const items = await listed(cluster, server, path);
    return new Map(
      items.map(({ metadata: { name, uid, resourceVersion } }) => [
        name,
        `${uid}@${resourceVersion}`,
      ]),
    );
  };
  const state = await stateOf(0);
  expect(await stateOf(1)).toEqual(state);
  for (const follower of followers.filter((one) => one.path === path)) {
    await waitFor(() => isSame(follower.state, state), { timeoutMs: SETTLE_MS }).catch(() => {});
    expect(follower.state).toEqual(state);
  }
}

function isSame(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, version]) => b.get(name) === version);
}

/** What a living Service has is allocated to it: nobody else can get it. */
async function expectAllocations(cluster: Cluster): Promise<void> {
  const addresses = await listed(cluster, 0, "/apis/networking.k8s.io/v1/ipaddresses");
  const owners = new Map(
    addresses.map(({ metadata, spec }) => [metadata.name, spec.parentRef.name]),
  );
  for (const { metadata, spec } of await listed(
    cluster,
    0,
    "/api/v1/namespaces/default/services",
  )) {
    const { clusterIP } = spec;
    expect([metadata.name, clusterIP, owners.get(clusterIP)]).toEqual([
      metadata.name,
      clusterIP,
      metadata.name,
    ]);
  }
}

function explain(
  key: string,
  stuckAt: readonly Operation<ObjectOperation>[],
  history: readonly Operation<ObjectOperation>[],
): string {
  const line = ({ call, return: end, what }: Operation<ObjectOperation>): string =>
    `${call.toFixed(1)}..${end.toFixed(1)} ${JSON.stringify(what)}`;
  const sorted = history.toSorted((a, b) => a.call - b.call);
  return [
    `${key}: no order fits`,
    ...stuckAt.map(line),
    "in the history",
    ...sorted.map(line),
  ].join("\n");
}

/** What was done, for who reads the log of a long run. */
function report(records: Records, kills: Kills, followers: readonly Follower[]): void {
  const operations = [...records.histories.values()].flat();
  const unknown = operations.filter(({ what }) => what.outcome.type === "unknown").length;
  const sum = (field: keyof Follower["counts"]): number =>
    followers.reduce((total, { counts }) => total + counts[field], 0);
  const { staleReads, histories } = records;
  const figures = { histories: histories.size, operations: operations.length, unknown, staleReads };
  const watches = { watches: sum("watches"), lists: sum("lists"), events: sum("events") };
  process.stdout.write(`${JSON.stringify({ seed: SEED, ...figures, kills, ...watches })}\n`);
}
