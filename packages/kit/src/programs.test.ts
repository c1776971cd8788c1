import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dataPath, type Program, PROGRAM_SOURCES, programFile } from "./programs.ts";

describe("programs", () => {
  it("begin in files that exist", () => {
    for (const program of Object.keys(PROGRAM_SOURCES)) {
      const file = programFile(program as Program);
      expect([file, existsSync(file)]).toEqual([file, true]);
    }
  });

  it("find the checkout's files", () => {
    expect(existsSync(dataPath("package.json"))).toBe(true);
    expect(dataPath("examples")).toMatch(/^\/.*\/examples$/);
  });
});
