import type { KubeObject } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { type Storage, StorageUnavailable } from "../storage/storage.ts";
import { createWatchCache } from "../watch/cache.ts";
import { createObjectStore } from "./object-store.ts";

const OBJECT: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
const KEY = "configmaps.default.a";
const WRITE = {
  key: KEY,
  revision: 5,
  deleted: false as const,
  value: Buffer.from(JSON.stringify(OBJECT)),
};

/** A storage that answers everything alike. */
function storageAnswering(answer: () => Promise<number>): Storage {
  return { create: answer, update: answer, delete: answer, lastRevision: answer, revision: answer };
}

describe("a write", () => {
  it("is done only when the cache has applied it", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const store = createObjectStore(
      storageAnswering(() => Promise.resolve(5)),
      cache,
    );
    let done = false;
    const written = store.create(KEY, OBJECT).then((entry) => {
      done = true;
      return entry;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    cache.apply(WRITE);
    expect((await written).object.metadata.resourceVersion).toBe("5");
  });

  it("that the registry does not confirm is a time-out", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const gone = new StorageUnavailable(KEY, { cause: new Error("no responders") });
    const store = createObjectStore(
      storageAnswering(() => Promise.reject(gone)),
      cache,
    );
    await expect(store.create(KEY, OBJECT)).rejects.toMatchObject({
      code: 504,
      status: { reason: "Timeout", details: { retryAfterSeconds: 1 } },
    });
  });

  it("of more than 2 MiB is refused", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const store = createObjectStore(
      storageAnswering(() => Promise.resolve(5)),
      cache,
    );
    const large = { ...OBJECT, data: { a: "x".repeat(2_100_000) } };
    await expect(store.create(KEY, large)).rejects.toMatchObject({ code: 413 });
  });
});

describe("a read", () => {
  it("of what the cache knows asks nobody", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const store = createObjectStore(
      storageAnswering(() => Promise.reject(new Error("asked"))),
      cache,
    );
    cache.apply(WRITE);
    expect((await store.find(KEY))?.revision).toBe(5);
  });

  it("of what the cache does not know waits for the registry's last write of it", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const store = createObjectStore(
      storageAnswering(() => Promise.resolve(5)),
      cache,
    );
    const found = store.find(KEY);
    await new Promise((resolve) => setImmediate(resolve));
    cache.apply(WRITE);
    expect((await found)?.revision).toBe(5);
  });

  it("of what does not exist gives nothing", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const store = createObjectStore(
      storageAnswering(() => Promise.resolve(0)),
      cache,
    );
    expect(await store.find(KEY)).toBeUndefined();
  });

  it("that the registry does not answer is a time-out", async () => {
    const cache = createWatchCache({ events: 10, bytes: 1_000 });
    const gone = new StorageUnavailable(KEY, { cause: new Error("no responders") });
    const store = createObjectStore(
      storageAnswering(() => Promise.reject(gone)),
      cache,
    );
    await expect(store.find(KEY)).rejects.toMatchObject({ code: 504 });
  });
});
