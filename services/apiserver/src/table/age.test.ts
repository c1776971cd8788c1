import { describe, expect, it } from "vitest";
import { ageOf, humanDuration } from "./age.ts";

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

describe("humanDuration", () => {
  it.each([
    [-5 * S, "<invalid>"],
    [-S, "0s"],
    [0, "0s"],
    [119 * S, "119s"],
    [2 * M, "2m"],
    [3 * M + 7 * S, "3m7s"],
    [10 * M, "10m"],
    [179 * M, "179m"],
    [3 * H, "3h"],
    [5 * H + 12 * M, "5h12m"],
    [8 * H, "8h"],
    [47 * H, "47h"],
    [2 * D, "2d"],
    [3 * D + 4 * H, "3d4h"],
    [8 * D, "8d"],
    [729 * D, "729d"],
    [730 * D, "2y"],
    [800 * D, "2y70d"],
    [3000 * D, "8y"],
  ])("%d ms is %s", (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

it("an absent or unreadable time has an unknown age", () => {
  expect(ageOf(undefined, 0)).toBe("<unknown>");
  expect(ageOf("yesterday", 0)).toBe("<unknown>");
});
