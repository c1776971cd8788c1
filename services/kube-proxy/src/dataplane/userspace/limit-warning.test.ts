import { createLogger } from "@kubehop/kit";
import { describe, expect, it } from "vitest";
import { createLimitWarning } from "./limit-warning.ts";
import { SETTINGS } from "../testing/test-data-plane.ts";

describe("createLimitWarning", () => {
  it("warns of the first connection, and then of all in ten seconds with one line", () => {
    let now = 0;
    const lines: { level: string; limit: number; refused: number }[] = [];
    const logger = createLogger({
      name: "test",
      destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    });
    const clock = { now: () => now, monotonic: () => now };
    const refuse = createLimitWarning({
      clock,
      logger,
      settings: { ...SETTINGS, maxConnections: 7 },
    });
    refuse();
    expect(lines).toMatchObject([{ level: "warn", limit: 7, refused: 1 }]);
    for (now = 1; now < 10_000; now += 100) refuse();
    expect(lines).toHaveLength(1);
    now = 10_000;
    refuse();
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ refused: 101 });
  });
});
