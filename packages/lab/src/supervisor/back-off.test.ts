import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_BACK_OFF, nextBackOff } from "./back-off.ts";

const crash = (previousMs: number): number => nextBackOff(previousMs, 10, DEFAULT_BACK_OFF);

describe("nextBackOff", () => {
  it("doubles from 100 ms to 5 s", () => {
    const waits = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
    let previous = 0;
    for (const wait of waits) expect((previous = crash(previous))).toBe(wait);
  });

  it("begins again after a stable run", () => {
    expect(nextBackOff(5_000, 10_000, DEFAULT_BACK_OFF)).toBe(100);
    expect(nextBackOff(1_600, 9_999, DEFAULT_BACK_OFF)).toBe(3_200);
  });

  it("always stays between its bounds", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(100_000), (previous, ran) => {
        const wait = nextBackOff(previous, ran, DEFAULT_BACK_OFF);
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(5_000);
      }),
    );
  });
});
