import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { logTail } from "./log-tail.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-tail-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

it.each([
  ["one\ntwo\nthree\n", { bytes: 100, lines: 2 }, "two\nthree\n"],
  ["one\ntwo\nthree", { bytes: 100, lines: 2 }, "two\nthree"],
  ["one\ntwo\n", { bytes: 100, lines: 9 }, "one\ntwo\n"],
  ["one\ntwo\n", { bytes: 6, lines: 9 }, "e\ntwo\n"],
  ["", { bytes: 6, lines: 9 }, ""],
])("the tail of %j within %j is %j", (text, bounds, tail) => {
  const path = join(directory, "log");
  writeFileSync(path, text);
  expect(logTail(path, bounds)).toBe(tail);
});

it("is empty when there is no log", () => {
  expect(logTail(join(directory, "none"), { bytes: 6, lines: 9 })).toBe("");
});
