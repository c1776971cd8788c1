import type { LabProgress } from "@kubehop/lab";
import { formatMs, type Style } from "@kubehop/trace";
import type { Writable } from "node:stream";

const QUIET_MS = 1_000;

/** Shows the steps of something that takes a while. */
export interface ProgressView extends Disposable {
  show(progress: Pick<LabProgress, "message" | "elapsedMs">): void;
}

/**
 * Writes a line a step, each step once. Nothing is written in the first second, so that what is
 * quick stays quiet; then what was held back comes at once.
 */
export function createProgressView(stderr: Writable, style: Style): ProgressView {
  const held: string[] = [];
  const seen = new Set<string>();
  let quiet = true;
  const timer = setTimeout(() => {
    quiet = false;
    for (const line of held.splice(0)) stderr.write(line);
  }, QUIET_MS);
  return {
    show({ message, elapsedMs }) {
      if (seen.has(message)) return;
      seen.add(message);
      const line = `${style.dim(formatMs(elapsedMs).padStart(7))}  ${message}\n`;
      if (quiet) held.push(line);
      else stderr.write(line);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
