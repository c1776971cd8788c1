import { aborted } from "../serving.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Keeps a client pod alive for `kubectl exec`. */
export const wait: Role = waiting("wait", "Does nothing until SIGTERM.");
/** What pause containers do. */
export const pause: Role = waiting("pause", "Does nothing until SIGTERM, as the pause image.");
/** `agnhost pause`. */
export const agnhostPause: Role = waiting("agnhost pause", "Does nothing until SIGTERM.");

function waiting(name: string, summary: string): Role {
  return defineRole({
    name,
    summary,
    operands: "[anything]",
    flags: {},
    run: async ({ signal }) => {
      const keepAlive = setInterval(() => {}, LONGEST_TIMER_MS);
      await aborted(signal);
      clearInterval(keepAlive);
      return 0;
    },
  });
}
