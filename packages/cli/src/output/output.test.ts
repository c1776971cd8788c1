import { PassThrough } from "node:stream";
import { createStyle, formatMs } from "@kubehop/trace";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createProgressView } from "./progress.ts";
import { formatAge, formatMemory } from "./quantity.ts";
import { formatTable } from "./table.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("formatAge", () => {
  it.each([
    [-5, "0s"],
    [0, "0s"],
    [119 * SECOND, "119s"],
    [2 * MINUTE, "2m"],
    [5 * MINUTE + 12 * SECOND, "5m12s"],
    [10 * MINUTE + SECOND, "10m"],
    [3 * HOUR + 4 * MINUTE, "3h4m"],
    [8 * HOUR + 59 * MINUTE, "8h"],
    [48 * HOUR, "2d"],
  ])("%d ms is %s", (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});

describe("formatMs and formatMemory", () => {
  it.each([
    [0.416, "0.42 ms"],
    [3.14, "3.1 ms"],
    [128.4, "128 ms"],
    [1_449, "1.4 s"],
  ])("%d is %s", (ms, text) => expect(formatMs(ms)).toBe(text));

  it("counts in mebibytes", () => expect(formatMemory(54_000_000)).toBe("51Mi"));
});

describe("formatTable", () => {
  it("aligns columns and leaves no spaces at line ends", () => {
    expect(
      formatTable(
        ["NAME", "READY"],
        [
          ["a", "yes"],
          ["long-name", ""],
        ],
      ),
    ).toBe("NAME        READY\na           yes\nlong-name\n");
  });
});

describe("createStyle", () => {
  it("marks text only where colours are wanted", () => {
    expect(createStyle(false).bad("x")).toBe("x");
    expect(createStyle(true).bad("x")).toBe("\u001B[31mx\u001B[39m");
  });
});

describe("createProgressView", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const style = createStyle(false);

  it("is quiet for a second, then tells everything once", () => {
    const out = new PassThrough();
    using view = createProgressView(out, style);
    view.show({ message: "first", elapsedMs: 10 });
    view.show({ message: "first", elapsedMs: 20 });
    expect(out.read()).toBeNull();
    vi.advanceTimersByTime(1_000);
    view.show({ message: "second", elapsedMs: 1_200 });
    expect(String(out.read())).toBe("  10 ms  first\n  1.2 s  second\n");
  });

  it("says nothing of what is quick", () => {
    const out = new PassThrough();
    createProgressView(out, style)[Symbol.dispose]();
    vi.advanceTimersByTime(5_000);
    expect(out.read()).toBeNull();
  });
});
