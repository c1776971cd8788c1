import { Readable } from "node:stream";
import type { RestClient } from "@kubehop/client";
import { expect, it } from "vitest";
import { NOW, testPod } from "../testing/objects.ts";
import { createTokenCache } from "./tokens.ts";

const projection = { path: "token", expirationSeconds: 3_600 };

interface Issuer {
  readonly rest: RestClient;
  readonly requests: unknown[];
  now: number;
  down: boolean;
}

/** The one request a cache makes, answered as the API server does. */
function issuer(): Issuer {
  const requests: unknown[] = [];
  const state = { requests, now: NOW, down: false };
  const request: RestClient["request"] = async ({ body, path }) => {
    if (state.down) throw new Error("connection refused");
    requests.push({ path, body });
    const expirationTimestamp = new Date(state.now + 3_600_000).toISOString();
    const status = { token: `token ${requests.length}`, expirationTimestamp };
    return { status: 201, headers: {}, body: Readable.from([JSON.stringify({ status })]) };
  };
  return Object.assign(state, { rest: { request } as unknown as RestClient });
}

it("asks once, and again after four fifths of a token's life", async () => {
  const api = issuer();
  const cache = createTokenCache(api.rest, () => api.now);
  const renewAt = await cache.refresh(testPod(), [projection]);
  expect(renewAt).toBe(NOW + 2_880_000);
  expect(api.requests[0]).toMatchObject({
    path: "/api/v1/namespaces/default/serviceaccounts/default/token",
    body: { spec: { expirationSeconds: 3_600, boundObjectRef: { name: "pod", uid: "uid-1" } } },
  });
  await cache.refresh(testPod(), [projection]);
  expect(cache.token(testPod(), projection)).toBe("token 1");
  api.now = renewAt;
  await cache.refresh(testPod(), [projection]);
  expect(cache.token(testPod(), projection)).toBe("token 2");
});

it("keeps a token that still counts while the API server is away", async () => {
  const api = issuer();
  const cache = createTokenCache(api.rest, () => api.now);
  await cache.refresh(testPod(), [projection]);
  api.down = true;
  api.now = NOW + 3_000_000;
  expect(await cache.refresh(testPod(), [projection])).toBe(api.now + 10_000);
  expect(cache.token(testPod(), projection)).toBe("token 1");
  api.now = NOW + 3_600_001;
  await expect(cache.refresh(testPod(), [projection])).rejects.toThrow("connection refused");
});

it("has no token before it was fetched, nor after the pod is gone", async () => {
  const api = issuer();
  const cache = createTokenCache(api.rest, () => api.now);
  expect(() => cache.token(testPod(), projection)).toThrow("not fetched yet");
  await cache.refresh(testPod(), [projection]);
  cache.forget("uid-1");
  expect(() => cache.token(testPod(), projection)).toThrow("not fetched yet");
});
