import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { labFiles } from "@kubehop/lab";

const POLL_MS = 250;
const CHUNK_BYTES = 64 * 1024;
const LEVELS: ReadonlySet<unknown> = new Set(["warn", "error", "fatal"]);
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "level",
  "time",
  "pid",
  "hostname",
  "name",
  "msg",
]);

/**
 * Writes what a lab's processes warn of to a stream, a line each with the process in front, from
 * now on until the signal aborts. What is below a warning stays in the log files.
 */
export function followWarnings(directory: string, stdout: Writable, signal: AbortSignal): void {
  const { logs } = labFiles(directory);
  const offsets = new Map<string, number>();
  const look = (): void => {
    for (const file of readdirSync(logs).filter((name) => name.endsWith(".log"))) {
      const process = file.slice(0, -".log".length);
      const { text, offset } = readFrom(join(logs, file), offsets.get(file) ?? 0);
      offsets.set(file, offset);
      const lines = text.split("\n").map((line) => formatWarning(process, line));
      stdout.write(lines.filter((line) => line !== undefined).join(""));
    }
  };
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // The lab's folder goes with the lab.
      clearInterval(timer);
    }
  }, POLL_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}

/** A warning or error as a line for people; undefined for what is none. */
export function formatWarning(process: string, line: string): string | undefined {
  const record = parseRecord(line);
  if (record === undefined) return undefined;
  const { level, time, msg } = record;
  if (!LEVELS.has(level)) return undefined;
  const fields = Object.entries(record)
    .filter(([name]) => !OWN_FIELDS.has(name))
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${String(time).slice(11, 23)} ${String(level)} ${process}: ${String(msg)}${fields.join("")}\n`;
}

function parseRecord(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whole lines from an offset on, at most 64 KiB; a file that was cut is read from its start. */
function readFrom(path: string, from: number): { text: string; offset: number } {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const start = size < from ? 0 : from;
    const buffer = Buffer.alloc(Math.min(size - start, CHUNK_BYTES));
    const read = readSync(fd, buffer, 0, buffer.length, start);
    const end = buffer.subarray(0, read).lastIndexOf("\n") + 1;
    // A line longer than all we read is passed over.
    if (end === 0 && read === CHUNK_BYTES) return { text: "", offset: start + read };
    return { text: buffer.toString("utf8", 0, end), offset: start + end };
  } finally {
    closeSync(fd);
  }
}
