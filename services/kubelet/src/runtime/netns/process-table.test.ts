import { describe, expect, it } from "vitest";
import { isAlive, killNamespace, parseStat, readProcess, utsNamespace } from "./process-table.ts";

const FIELDS = Array.from({ length: 18 }, (_, index) => index).join(" ");

describe("parseStat", () => {
  it.each([
    [`42 (node) S ${FIELDS} 4711 9`, { pid: 42, startTime: "4711" }],
    [`42 (a) b (c)) S ${FIELDS} 4711 9`, { pid: 42, startTime: "4711" }],
    ["", undefined],
    ["42", undefined],
    ["x (y) S 1 2", undefined],
  ])("%j", (line, expected) => {
    expect(parseStat(line)).toEqual(expected);
  });
});

describe.skipIf(process.platform !== "linux")("this very process", () => {
  it("is alive, and is not when its start time is another", () => {
    const own = readProcess(process.pid);
    expect(own?.pid).toBe(process.pid);
    expect(own !== undefined && isAlive(own)).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: "1" })).toBe(false);
    expect(isAlive({ pid: 2 ** 22 + 1, startTime: "1" })).toBe(false);
  });

  it("cannot kill its own namespace", () => {
    expect(() => killNamespace(utsNamespace(process.pid) ?? "")).toThrow("the kubelet's own");
  });
});
