import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** How much of a log's end is wanted. */
export interface TailBounds {
  /** Bytes at most; the first line may be cut by them. */
  readonly bytes: number;
  readonly lines: number;
}

/** The end of a log as it is in the file, at most so many bytes and lines; "" when it is missing. */
export function logTail(path: string, { bytes, lines }: TailBounds): string {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const length = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    const text = buffer.toString("utf8", 0, length);
    // What stands after the last newline is a line only if there is something.
    const rest = text.endsWith("\n") ? 1 : 0;
    return text
      .split("\n")
      .slice(-lines - rest)
      .join("\n");
  } finally {
    closeSync(fd);
  }
}
