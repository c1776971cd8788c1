import { LAST_CHANGE_TRIGGER_TIME_ANNOTATION } from "@kubehop/api";
import { sliceFixture } from "@kubehop/routing/testing";
import { describe, expect, it } from "vitest";
import { createProgrammingLatency } from "./programming-latency.ts";

const START = Date.parse("2026-01-02T03:04:05Z");

describe("createProgrammingLatency", () => {
  it("gives each trigger once", () => {
    const latency = createProgrammingLatency(START);
    latency.note(undefined, sliceAt("2026-01-02T03:04:06.123456789Z"));
    latency.note(undefined, sliceAt("2026-01-02T03:04:07Z"));
    expect(latency.take()).toEqual([START + 1_123, START + 2_000]);
    expect(latency.take()).toEqual([]);
  });

  it.each([
    ["a deletion", sliceAt("2026-01-02T03:04:06Z"), undefined],
    [
      "a write with the old trigger",
      sliceAt("2026-01-02T03:04:06Z"),
      sliceAt("2026-01-02T03:04:06Z"),
    ],
    ["what was triggered before the start", undefined, sliceAt("2026-01-02T03:04:04Z")],
    ["a slice without a trigger", undefined, sliceFixture({ endpoints: [] })],
    ["text that is no time", undefined, sliceAt("soon")],
  ])("ignores %s", (_, previous, current) => {
    const latency = createProgrammingLatency(START);
    latency.note(previous, current);
    expect(latency.take()).toEqual([]);
  });
});

function sliceAt(time: string) {
  const slice = sliceFixture({ endpoints: [] });
  const annotations = { [LAST_CHANGE_TRIGGER_TIME_ANNOTATION]: time };
  return { ...slice, metadata: { ...slice.metadata, annotations } };
}
