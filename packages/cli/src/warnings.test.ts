import { mkdirSync, appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { followWarnings, formatWarning } from "./warnings.ts";

/** Less than the test may take. */
const PATIENCE_MS = 15_000;
const TIME = "2026-01-02T03:04:05.678Z";
const PATIENT = { timeout: 60_000 };
const line = (fields: object): string =>
  JSON.stringify({ level: "warn", time: TIME, pid: 1, hostname: "h", name: "n", ...fields });

test.each([
  [{ msg: "bus lost", url: "nats://x" }, '03:04:05.678 warn dns: bus lost url="nats://x"\n'],
  [{ level: "error", msg: "no" }, "03:04:05.678 error dns: no\n"],
  [{ level: "info", msg: "listening" }, undefined],
])("%o", (fields, text) => {
  expect(formatWarning("dns", line(fields))).toBe(text);
});

test.each(["", "plain text", "{broken", "[1]"])("%j is no record", (text) => {
  expect(formatWarning("dns", text)).toBeUndefined();
});

test("what is written later is seen once, also after the file was cut", PATIENT, async () => {
  const directory = mkdtempSync(join(tmpdir(), "kubehop-warnings-"));
  const stop = new AbortController();
  const stdout = new PassThrough();
  let seen = "";
  stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  const file = join(directory, "logs", "kubelet-node-1.log");
  try {
    mkdirSync(join(directory, "logs"));
    appendFileSync(file, `${line({ msg: "one" })}\n${line({ msg: "half" }).slice(0, 20)}`);
    followWarnings(directory, stdout, stop.signal);
    await vi.waitFor(() => expect(seen).toContain("kubelet-node-1: one"), PATIENCE_MS);
    appendFileSync(file, `${line({ msg: "half" }).slice(20)}\n`);
    await vi.waitFor(() => expect(seen).toContain(": half"), PATIENCE_MS);
    writeFileSync(file, `${line({ msg: "anew" })}\n`);
    await vi.waitFor(() => expect(seen).toContain(": anew"), PATIENCE_MS);
    expect(seen.match(/one/g)).toHaveLength(1);
  } finally {
    stop.abort();
    rmSync(directory, { recursive: true, force: true });
  }
});
