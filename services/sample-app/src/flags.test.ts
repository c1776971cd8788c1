import { describe, expect, test } from "vitest";
import { parseFlags, UsageError } from "./flags.ts";
import type { FlagSpecs } from "./flags.ts";

const SPECS = {
  url: { type: "string", default: "http://my-api/", description: "" },
  json: { type: "boolean", default: false, description: "" },
  timeout: { type: "duration", default: "10s", description: "" },
  port: { type: "integer", default: 8080, minimum: 0, maximum: 65_535, description: "" },
  rate: { type: "number", default: 0.5, minimum: 0, maximum: 1, description: "" },
} as const satisfies FlagSpecs;

describe("parseFlags", () => {
  test("fills in the defaults", () => {
    expect(parseFlags(SPECS, [])).toEqual({
      flags: { url: "http://my-api/", json: false, timeout: 10_000, port: 8080, rate: 0.5 },
      operands: [],
    });
  });

  test("takes both ways to give a value, and operands anywhere", () => {
    const { flags, operands } = parseFlags(SPECS, [
      "a",
      "--port=0",
      "--json",
      "--rate",
      "0.25",
      "b",
    ]);
    expect(flags).toMatchObject({ port: 0, json: true, rate: 0.25 });
    expect(operands).toEqual(["a", "b"]);
  });

  test.each([
    [["--port", "65536"], '--port "65536" is not an integer from 0 to 65535'],
    [["--port", "8.5"], '--port "8.5" is not an integer from 0 to 65535'],
    [["--port", "x"], '--port "x" is not an integer from 0 to 65535'],
    [["--port="], '--port "" is not an integer from 0 to 65535'],
    [["--rate", "2"], '--rate "2" is not a number from 0 to 1'],
    [["--timeout", "5"], '--timeout "5" is not a duration; write for example 250ms, 5s, 1m30s'],
    [["--colour"], "Unknown option '--colour'"],
  ])("%j is refused with a message that names it", (args, message) => {
    expect(() => parseFlags(SPECS, args)).toThrow(UsageError);
    expect(() => parseFlags(SPECS, args)).toThrow(message);
  });
});
