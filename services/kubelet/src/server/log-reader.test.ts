import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogQuery } from "../runtime/runtime.ts";
import { type LogSource, readLog, tailOffset } from "./log-reader.ts";

const ALL: LogQuery = { follow: false, previous: false, timestamps: false };
const never = new AbortController().signal;

let directory: string;
let path: string;
let running: boolean;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-log-"));
  path = join(directory, "0.log");
  running = false;
  writeFileSync(path, "one\ntwo\nthree\n");
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Every line was written one second after the line before. */
function source(): LogSource {
  return {
    path,
    startedAt: 0,
    isRunning: () => running,
    store: {
      writtenAt: (_path, offset) => ({ 4: 1_000, 8: 2_000, 14: 3_000 })[offset],
      [Symbol.asyncDispose]: async () => {},
    },
  };
}

async function read(query: Partial<LogQuery> = {}): Promise<string> {
  let text = "";
  for await (const chunk of await readLog(source(), { ...ALL, ...query }, never))
    text += chunk.toString();
  return text;
}

describe("readLog", () => {
  it.each<[Partial<LogQuery>, string]>([
    [{}, "one\ntwo\nthree\n"],
    [{ tailLines: 2 }, "two\nthree\n"],
    [{ tailLines: 0 }, ""],
    [{ tailLines: 9 }, "one\ntwo\nthree\n"],
    [{ limitBytes: 5 }, "one\nt"],
    [{ since: 2_000 }, "two\nthree\n"],
    [{ since: 9_000 }, ""],
    [
      { timestamps: true, tailLines: 2 },
      "1970-01-01T00:00:02.000000000Z two\n1970-01-01T00:00:03.000000000Z three\n",
    ],
  ])("%j", async (query, text) => {
    expect(await read(query)).toBe(text);
  });

  it("reads what was rotated first", async () => {
    writeFileSync(`${path}.1`, "zero\n");
    expect(await read()).toBe("zero\none\ntwo\nthree\n");
  });

  it("is empty when there is none", async () => {
    rmSync(path);
    expect(await read()).toBe("");
  });

  it("follows until the container ends, also over a rotation", async () => {
    running = true;
    const lines: string[] = [];
    for await (const chunk of await readLog(source(), { ...ALL, follow: true }, never)) {
      lines.push(chunk.toString());
      if (lines.length === 1) appendFileSync(path, "four\n");
      if (lines.length === 2) {
        truncateSync(path, 0);
        appendFileSync(path, "new\n");
      }
      if (lines.length === 3) running = false;
    }
    expect(lines).toEqual(["one\ntwo\nthree\n", "four\n", "new\n"]);
  });

  it("stops following when the reader leaves", async () => {
    running = true;
    const gone = new AbortController();
    for await (const _chunk of await readLog(source(), { ...ALL, follow: true }, gone.signal))
      gone.abort();
    expect(gone.signal.aborted).toBe(true);
  });
});

it.each([
  ["a\nb\nc\n", 1, 4],
  ["a\nb\nc", 1, 4],
  ["a\nb\nc\n", 3, 0],
  ["a\n", 5, 0],
  ["", 1, 0],
  ["\n\n", 1, 1],
])("tailOffset(%j, %i) is %i", (log, lines, offset) => {
  expect(tailOffset(Buffer.from(log), lines)).toBe(offset);
});
