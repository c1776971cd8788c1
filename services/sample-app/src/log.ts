import pino from "pino";
import type { Logger } from "pino";
import type { StringFlag } from "./flags.ts";

/** The flag of every role that logs. */
export const logFlags: { readonly "log-level": StringFlag } = {
  "log-level": {
    type: "string",
    default: "info",
    description: "debug, info, warn, error or silent",
  },
};

/** JSON lines on standard output, where `kubectl logs` finds them. */
export function createLogger(name: string, level: string): Logger {
  const known = level in pino.levels.values || level === "silent";
  return pino({ name, level: known ? level : "info", base: { name } });
}
