import type { Lease, Node } from "@kubehop/api";
import { expect, it } from "vitest";
import { nodeOf } from "../../testing/objects.ts";
import type { Context } from "../controller.ts";
import { createHeartbeats, type Heartbeats } from "./heartbeats.ts";

const GRACE_MS = 1_000;
const LEASE: Lease = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { name: "n" },
  spec: { renewTime: "2026-01-01T00:00:00.000000Z" },
};

interface Scene {
  readonly heartbeats: Heartbeats;
  readonly node: Node;
  now: number;
  isAway: boolean;
}

/** One node, which renewed its lease at time 0 and never again. */
function createScene(): Scene {
  const node = nodeOf("n");
  const followers: ((change: object) => void)[] = [];
  const scene = { node, now: 0, isAway: false };
  const context = {
    caches: {
      Lease: { onChange: () => {} },
      Node: { onChange: (follow: (change: object) => void) => followers.push(follow) },
    },
    rest: {
      get: async () => {
        if (scene.isAway) throw new Error("the API server is away");
        return LEASE;
      },
    },
    settings: { nodeMonitorGracePeriodMs: GRACE_MS },
    clock: { now: () => scene.now },
    bus: { onReconnect: () => ({ [Symbol.dispose]: () => {} }) },
    signal: new AbortController().signal,
  };
  const heartbeats = createHeartbeats(context as unknown as Context);
  for (const follow of followers) follow({ key: "n", current: node });
  return Object.assign(scene, { heartbeats });
}

it("a node is silent when nothing was heard of it for the grace period", async () => {
  const scene = createScene();
  scene.now = GRACE_MS + 1;
  // The first look at the lease is the first that is heard of it.
  expect(await scene.heartbeats.isSilent(scene.node)).toBe(false);
  scene.now += GRACE_MS;
  expect(await scene.heartbeats.isSilent(scene.node)).toBe(false);
  scene.now += 1;
  expect(await scene.heartbeats.isSilent(scene.node)).toBe(true);
});

it("the grace period starts anew when the API server is back, however long it was away", async () => {
  const scene = createScene();
  scene.now = GRACE_MS + 1;
  await scene.heartbeats.isSilent(scene.node);
  scene.isAway = true;
  scene.now += GRACE_MS + 1;
  await expect(scene.heartbeats.isSilent(scene.node)).rejects.toThrow("away");
  scene.now += 1;
  await expect(scene.heartbeats.isSilent(scene.node)).rejects.toThrow("away");
  scene.isAway = false;
  scene.now += 2 * GRACE_MS;
  expect(await scene.heartbeats.isSilent(scene.node)).toBe(false);
  scene.now += GRACE_MS;
  expect(await scene.heartbeats.isSilent(scene.node)).toBe(false);
  scene.now += 1;
  expect(await scene.heartbeats.isSilent(scene.node)).toBe(true);
});
