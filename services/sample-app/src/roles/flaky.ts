import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { backendFlags, runBackend } from "../run-backend.ts";

/** A backend that fails now and then. */
export const flaky: Role = defineRole({
  name: "flaky",
  summary: "The backend, but a share of the answers (health checks aside) is an error.",
  flags: {
    ...backendFlags,
    "error-rate": {
      type: "number",
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description: "share of requests that fail",
    },
    "error-status": {
      type: "integer",
      default: 500,
      minimum: 400,
      maximum: 599,
      description: "the status they get",
    },
  },
  run: (context, flags) =>
    runBackend(context, flags, {
      name: "flaky",
      interfere: (response) => {
        if (Math.random() >= flags["error-rate"]) return Promise.resolve(false);
        response.writeHead(flags["error-status"], { "content-type": "text/plain; charset=utf-8" });
        response.end("failing on purpose\n");
        return Promise.resolve(true);
      },
    }),
});
