import { readFileSync } from "node:fs";

/** What most systems allow at least; used where the limit cannot be read. */
const USUAL_LIMIT = 4_096;

/** How many files this process may have open (Node raises the soft limit to the hard one). */
export function openFileLimit(): number {
  try {
    return parseOpenFileLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return USUAL_LIMIT;
  }
}

/** Reads the soft limit out of the text of /proc/self/limits. */
export function parseOpenFileLimit(limits: string): number {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  if (soft === "unlimited") return Number.MAX_SAFE_INTEGER;
  return soft === undefined ? USUAL_LIMIT : Number(soft);
}
