import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServiceEndpoint } from "./service-endpoint.ts";
import { buildEndpointSet, candidatesOf, NO_ENDPOINTS, pickEndpoint } from "./weighted-pick.ts";

const weightLists = fc.array(fc.integer({ min: 0, max: 1_000_000 }), {
  minLength: 1,
  maxLength: 60,
});
const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("pickEndpoint", () => {
  it.each([
    { weights: [1, 1], draw: 0, picked: 0 },
    { weights: [1, 1], draw: 0.4999, picked: 0 },
    { weights: [1, 1], draw: 0.5, picked: 1 },
    { weights: [1, 3], draw: 0.2499, picked: 0 },
    { weights: [1, 3], draw: 0.25, picked: 1 },
    { weights: [0, 1, 0], draw: 0, picked: 1 },
    { weights: [0, 1, 0], draw: 0.999_999_999, picked: 1 },
    { weights: [2, 0, 2], draw: 0.5, picked: 2 },
  ])("weights $weights and draw $draw pick endpoint $picked", ({ weights, draw, picked }) => {
    expect(pickEndpoint(setOf(weights), draw)?.key).toBe(endpointOf(picked, 1).key);
  });

  it("picks nothing from nothing, and nothing when all weights are 0", () => {
    expect(pickEndpoint(NO_ENDPOINTS, 0.5)).toBeUndefined();
    expect(pickEndpoint(setOf([0, 0, 0]), 0.5)).toBeUndefined();
  });

  it("never picks an endpoint of weight 0, whatever the draw", () => {
    fc.assert(
      fc.property(weightLists, draws, (weights, draw) => {
        const picked = pickEndpoint(setOf(weights), draw);
        expect(picked?.weight ?? 1).toBeGreaterThan(0);
        expect(picked === undefined).toBe(weights.every((weight) => weight === 0));
      }),
    );
  });

  it("picks by the cumulative weights, also at the last double below 1", () => {
    fc.assert(
      fc.property(weightLists, fc.oneof(draws, fc.constant(1 - 2 ** -53)), (weights, draw) => {
        const set = setOf(weights);
        const point = draw * set.total;
        let sum = 0;
        const expected = set.endpoints.find(({ weight }) => (sum += weight) > point);
        expect(pickEndpoint(set, draw)).toBe(expected);
      }),
    );
  });

  it("spreads evenly spaced draws exactly as the weights say", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }),
        (weights) => {
          const set = setOf(weights);
          const counts = new Map(set.endpoints.map(({ key }) => [key, 0]));
          for (let n = 0; n < set.total; n++) {
            const key = pickEndpoint(set, (n + 0.5) / set.total)?.key ?? "";
            counts.set(key, (counts.get(key) ?? 0) + 1);
          }
          expect([...counts.values()]).toEqual(weights);
        },
      ),
    );
  });
});

describe("candidatesOf", () => {
  it("gives probabilities that sum to 1", () => {
    fc.assert(
      fc.property(weightLists, (weights) => {
        const candidates = candidatesOf(setOf(weights));
        const sum = candidates.reduce((total, { probability }) => total + probability, 0);
        const expected = weights.some((weight) => weight > 0) ? 1 : 0;
        expect(sum).toBeCloseTo(expected, 9);
        expect(candidates.map(({ weight }) => weight)).toEqual(weights);
      }),
    );
  });

  it("names address, weight and share", () => {
    expect(candidatesOf(setOf([1, 0, 3]))).toEqual([
      { ip: "10.244.1.1", port: 8080, weight: 1, probability: 0.25 },
      { ip: "10.244.1.2", port: 8080, weight: 0, probability: 0 },
      { ip: "10.244.1.3", port: 8080, weight: 3, probability: 0.75 },
    ]);
  });
});

function setOf(weights: readonly number[]) {
  return buildEndpointSet(weights.map((weight, index) => endpointOf(index, weight)));
}

function endpointOf(index: number, weight: number): ServiceEndpoint {
  const ip = `10.244.1.${index + 1}`;
  return {
    key: `${ip}:8080`,
    ip,
    port: 8080,
    weight,
    ready: true,
    serving: true,
    terminating: false,
    local: false,
    nodeHints: [],
    zoneHints: [],
  };
}
