import { describe, expect, it } from "vitest";
import { countResult, type ProbeCount, probeTiming } from "./probe-result.ts";

it("probeTiming fills in upstream's defaults, also for 0", () => {
  const defaults = {
    initialDelay: 0,
    period: 10_000,
    timeout: 1_000,
    successThreshold: 1,
    failureThreshold: 3,
  };
  expect(probeTiming({})).toEqual(defaults);
  expect(probeTiming({ periodSeconds: 0, timeoutSeconds: 0, failureThreshold: 0 })).toEqual(
    defaults,
  );
  expect(probeTiming({ initialDelaySeconds: 5, periodSeconds: 2 })).toMatchObject({
    initialDelay: 5_000,
    period: 2_000,
  });
});

describe("countResult", () => {
  const timing = probeTiming({ successThreshold: 2, failureThreshold: 3 });
  it.each([
    ["+", [undefined]],
    ["++", [undefined, true]],
    ["---", [undefined, undefined, false]],
    ["--+--", [undefined, undefined, undefined, undefined, undefined]],
    ["+++-", [undefined, true, true, undefined]],
    ["----", [undefined, undefined, false, false]],
  ] as const)("%s", (results, verdicts) => {
    let count: ProbeCount = { run: 0 };
    const seen = results.split("").map((result) => {
      const next = countResult(count, result === "+", timing);
      count = next.count;
      return next.verdict;
    });
    expect(seen).toEqual(verdicts);
  });
});
