import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

/** A structured logger: constant message, fields first. */
export type Logger = PinoLogger;

/** What a logger is made from. */
export interface LoggerOptions {
  readonly name: string;
  /** trace, debug, info, warn, error, fatal or silent. */
  readonly level?: string;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream;
}

/** Fields that would carry a secret, wherever an object with them is logged. */
const SECRET_FIELDS = ["password", "token", "*.password", "*.token", "headers.authorization"];

/** Creates a process's logger: one JSON line an event, secrets replaced. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    name: options.name,
    level: options.level ?? "info",
    redact: SECRET_FIELDS,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
