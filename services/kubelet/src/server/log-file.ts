import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** The last bytes of a file, at most `lines` lines of them; "" when it is missing. */
export function logTail(path: string, bytes: number, lines: number): string {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const length = readSync(fd, buffer, 0, buffer.length, Math.max(0, size - bytes));
    return buffer
      .toString("utf8", 0, length)
      .split("\n")
      .slice(-lines - 1)
      .join("\n");
  } finally {
    closeSync(fd);
  }
}
