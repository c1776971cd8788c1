import { describe, expect, it } from "vitest";
import { openFileLimit, parseOpenFileLimit } from "./open-files.ts";

describe("parseOpenFileLimit", () => {
  it.each([
    ["Max open files            1024                 524288               files", 1_024],
    [
      "Max open files            unlimited            unlimited            files",
      Number.MAX_SAFE_INTEGER,
    ],
    ["something else", 4_096],
  ])("%s", (line, expected) => {
    expect(parseOpenFileLimit(`Limit  Soft  Hard\n${line}\nMax locked memory 1 1\n`)).toBe(
      expected,
    );
  });

  it("reads this process's own limit", () => expect(openFileLimit()).toBeGreaterThan(0));
});
