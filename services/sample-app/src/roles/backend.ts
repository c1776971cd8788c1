import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { backendFlags, runBackend } from "../run-backend.ts";

/** The my-api of the examples. */
export const backend: Role = defineRole({
  name: "backend",
  summary: "HTTP backend that says which pod answered.",
  flags: backendFlags,
  run: (context, flags) => runBackend(context, flags, { name: "backend" }),
});
