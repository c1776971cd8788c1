import { setTimeout as delay } from "node:timers/promises";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { backendFlags, runBackend } from "../run-backend.ts";

/** A backend that takes its time. */
export const slow: Role = defineRole({
  name: "slow",
  summary: "The backend, but every answer (health checks aside) comes late.",
  flags: {
    ...backendFlags,
    latency: { type: "duration", default: "1s", description: "how late every answer is" },
  },
  run: (context, flags) =>
    runBackend(context, flags, {
      name: "slow",
      interfere: async () => {
        await delay(flags.latency);
        return false;
      },
    }),
});
