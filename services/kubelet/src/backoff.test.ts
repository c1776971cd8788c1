import { describe, expect, it } from "vitest";
import { createBackoff, formatDelay } from "./backoff.ts";

describe("createBackoff", () => {
  it("lets the first failure pass, then waits 10, 20, 40 … 300 s", () => {
    const backoff = createBackoff({ base: 10_000, max: 300_000 });
    let now = 0;
    const waits: number[] = [];
    for (let failure = 0; failure < 8; failure += 1) {
      const until = backoff.waitUntil("app", now, now);
      waits.push(((until ?? now) - now) / 1_000);
      now = until ?? now;
      backoff.next("app", now);
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
    expect(backoff.delay("app")).toBe(300_000);
  });

  it("begins again after ten quiet minutes", () => {
    const backoff = createBackoff({ base: 10_000, max: 300_000 });
    backoff.next("app", 0);
    backoff.next("app", 1);
    const later = 600_002;
    expect(backoff.waitUntil("app", later, later)).toBeUndefined();
    backoff.next("app", later);
    expect(backoff.delay("app")).toBe(10_000);
  });

  it("counts each key for itself", () => {
    const backoff = createBackoff({ base: 10, max: 100 });
    backoff.next("a", 0);
    expect(backoff.waitUntil("a", 0, 5)).toBe(10);
    expect(backoff.waitUntil("b", 0, 5)).toBeUndefined();
    expect(backoff.waitUntil("a", 0, 10)).toBeUndefined();
  });
});

it.each([
  [10_000, "10s"],
  [160_000, "2m40s"],
  [300_000, "5m0s"],
  [1_500, "1.5s"],
])("formatDelay(%i) is %s", (ms, text) => {
  expect(formatDelay(ms)).toBe(text);
});
