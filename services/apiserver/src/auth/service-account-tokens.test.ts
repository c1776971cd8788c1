import { createSigningKeys } from "@kubehop/kit/certificates";
import { beforeAll, expect, it } from "vitest";
import { createServiceAccountTokens, type TokenKeys } from "./service-account-tokens.ts";

const CLAIMS = {
  namespace: "default",
  serviceAccount: { name: "robot", uid: "u1" },
  pod: { name: "p", uid: "u2" },
};

let keys: TokenKeys;
let now = Date.parse("2030-01-01T00:00:00Z");

beforeAll(async () => {
  const { privateKey, publicKey } = await createSigningKeys();
  keys = { signingKey: privateKey, publicKey, issuer: "https://issuer", now: () => now };
});

it("verifies what it issued, until it ends", async () => {
  const tokens = createServiceAccountTokens(keys);
  const options = { audiences: tokens.defaultAudiences, expirationSeconds: 600 };
  const { token, expires } = await tokens.issue(CLAIMS, options);
  expect(expires - now).toBe(600_000);
  expect(await tokens.verify(token)).toEqual(CLAIMS);
  now += 601_000;
  expect(await tokens.verify(token)).toBeUndefined();
});

it("refuses tokens of others, for others, or changed", async () => {
  const tokens = createServiceAccountTokens(keys);
  const other = await createSigningKeys();
  const forger = createServiceAccountTokens({ ...keys, signingKey: other.privateKey });
  const options = { audiences: ["https://issuer"], expirationSeconds: 600 };
  const forged = await forger.issue(CLAIMS, options);
  const elsewhere = await tokens.issue(CLAIMS, { ...options, audiences: ["vault"] });
  const good = await tokens.issue(CLAIMS, options);
  for (const token of [forged.token, elsewhere.token, `${good.token.slice(0, -8)}AAAAAAAA`, "x"]) {
    expect(await tokens.verify(token)).toBeUndefined();
  }
});
