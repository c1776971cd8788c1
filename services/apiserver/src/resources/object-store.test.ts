import type { KubeObject } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { type Storage, StorageUnavailable } from "../storage/storage.ts";
import { createWatchCache } from "../watch/cache.ts";
import { createObjectStore } from "./object-store.ts";

const OBJECT: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
const KEY = "configmaps.default.a";

/** A storage that confirms each write as revision 5. */
function storageAnswering(answer: () => Promise<number>): Storage {
  return { create: answer, update: answer, delete: answer };
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
    const value = Buffer.from(JSON.stringify(OBJECT));
    cache.apply({ key: KEY, revision: 5, deleted: false, value });
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
