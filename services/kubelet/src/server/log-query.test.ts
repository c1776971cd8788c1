import { describe, expect, it } from "vitest";
import { parseLogQuery } from "./log-query.ts";

describe("parseLogQuery", () => {
  it("has defaults", () => {
    expect(parseLogQuery({}, 0)).toEqual({ follow: false, previous: false, timestamps: false });
  });

  it("reads everything", () => {
    const query = {
      follow: "true",
      previous: "1",
      timestamps: "true",
      tailLines: "3",
      limitBytes: "9",
    };
    expect(parseLogQuery({ ...query, sinceSeconds: "10" }, 60_000)).toEqual({
      follow: true,
      previous: true,
      timestamps: true,
      tailLines: 3,
      limitBytes: 9,
      since: 50_000,
    });
    expect(parseLogQuery({ sinceTime: "1970-01-01T00:00:05Z" }, 0).since).toBe(5_000);
  });

  it.each([
    [{ tailLines: "-1" }, 'tailLines: "-1"'],
    [{ limitBytes: "x" }, 'limitBytes: "x"'],
    [{ sinceTime: "yesterday" }, 'sinceTime: "yesterday"'],
  ])("refuses %j", (query, message) => {
    expect(() => parseLogQuery(query, 0)).toThrow(message);
  });
});
