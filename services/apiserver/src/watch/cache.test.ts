import { describe, expect, it } from "vitest";
import { createWatchCache, type StreamEntry, type WatchCache } from "./cache.ts";
import type { CacheEvent } from "./window.ts";

const LIMITS = { events: 4, bytes: 1_000_000 };

function put(name: string, revision: number, uid = name): StreamEntry {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name, uid }, rev: revision };
  const value = Buffer.from(JSON.stringify(object));
  return { key: `services.default.${name}`, revision, deleted: false, value };
}

function del(name: string, revision: number): StreamEntry {
  return {
    key: `services.default.${name}`,
    revision,
    deleted: true,
    lastValue: new Uint8Array(),
  };
}

function brief({ type, entry }: CacheEvent): string {
  return `${type} ${entry.object.metadata.name}@${entry.object.metadata.resourceVersion}`;
}

function follow(cache: WatchCache, revision: number): string[] | undefined {
  const seen: string[] = [];
  const subscription = cache.subscribe("services", revision, {
    onEvent: (event) => seen.push(brief(event)),
    onReset: () => seen.push("RESET"),
  });
  return subscription && seen;
}

function names(entries: readonly { readonly object: { metadata: { name: string } } }[]): string[] {
  return entries.map(({ object }) => object.metadata.name);
}

describe("the watch cache", () => {
  it("hands over missed events, then goes on live", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([put("a", 3)], 5);
    cache.apply(put("b", 6));
    cache.apply(put("a", 7));
    const seen = follow(cache, 6);
    cache.apply(del("b", 9));
    expect(seen).toEqual(["MODIFIED a@7", "DELETED b@9"]);
    expect(names(cache.list("services.").entries)).toEqual(["a"]);
    expect(cache.revision()).toBe(9);
  });

  it("refuses what it has forgotten", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([], 5);
    expect(follow(cache, 4)).toBeUndefined();
    expect(follow(cache, 5)).toEqual([]);
    for (let revision = 6; revision <= 10; revision += 1) cache.apply(put("a", revision));
    expect(follow(cache, 5)).toBeUndefined();
    expect(follow(cache, 6)).toHaveLength(4);
    expect(cache.oldest("services")).toBe(6);
  });

  it("after a gap goes on for those who follow, and refuses those who come from before", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([put("a", 3)], 5);
    const seen = follow(cache, 5);
    cache.apply(put("a", 9));
    cache.forget(9);
    expect(seen).toEqual(["MODIFIED a@9"]);
    expect([follow(cache, 5), follow(cache, 7)]).toEqual([undefined, undefined]);
    expect(cache.listAt("services.default.", 7)).toBeUndefined();
    expect(follow(cache, 9)).toEqual([]);
    expect(cache.subscribe("pods", 7, { onEvent() {}, onReset() {} })).toBeUndefined();
    cache.apply(del("a", 10));
    expect(seen).toEqual(["MODIFIED a@9", "DELETED a@10"]);
    expect(follow(cache, 9)).toEqual(["DELETED a@10"]);
  });

  it("does not let a busy resource push out the events of a quiet one", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([], 1);
    for (let revision = 2; revision <= 20; revision += 1) cache.apply(put("a", revision));
    expect(cache.subscribe("pods", 1, { onEvent: () => {}, onReset: () => {} })).toBeDefined();
  });

  it("lists as it was at an older revision", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([put("a", 1), put("b", 2)], 2);
    cache.apply(del("a", 3));
    cache.apply(put("c", 4));
    cache.apply(put("b", 5));
    expect(names(cache.listAt("services.default.", 2)?.entries ?? [])).toEqual(["a", "b"]);
    const at3 = cache.listAt("services.default.", 3)?.entries ?? [];
    expect(at3.map(({ key, revision }) => [key, revision])).toEqual([["services.default.b", 2]]);
    expect(cache.listAt("services.default.", 1)).toBeUndefined();
  });

  it("tells an object that was made anew unseen as deleted and added", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([put("a", 1, "first")], 1);
    const seen = follow(cache, 1);
    cache.apply(put("a", 8, "second"));
    expect(seen).toEqual(["DELETED a@7", "ADDED a@8"]);
  });

  it("ends all subscriptions when the registry was replaced", () => {
    const cache = createWatchCache(LIMITS);
    cache.load([put("a", 9)], 9);
    const seen = follow(cache, 9);
    cache.load([], 1);
    cache.apply(put("b", 2));
    expect(seen).toEqual(["RESET"]);
    expect(cache.get("services.default.a")).toBeUndefined();
  });

  it("wakes those who wait for a revision, and lets them give up", async () => {
    const cache = createWatchCache(LIMITS);
    cache.load([], 1);
    const stop = new AbortController();
    const reached = cache.applied(2, stop.signal);
    const never = cache.applied(99, stop.signal);
    cache.apply(put("a", 2));
    await reached;
    stop.abort(new Error("enough"));
    await expect(never).rejects.toThrow("enough");
  });

  it("keeps at least the newest event however large it is", () => {
    const cache = createWatchCache({ events: 10, bytes: 1 });
    cache.load([], 1);
    cache.apply(put("a", 2));
    cache.apply(put("a", 3));
    expect(follow(cache, 2)).toEqual(["MODIFIED a@3"]);
    expect(follow(cache, 1)).toBeUndefined();
  });
});
