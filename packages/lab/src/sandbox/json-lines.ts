import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Calls back for each line of a stream, parsed as JSON. The sender is our own other half. */
export function readJsonLines(stream: Readable, onMessage: (message: unknown) => void): void {
  createInterface({ input: stream }).on("line", (line) => onMessage(JSON.parse(line)));
}

/** A message as one line. */
export function toJsonLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}
