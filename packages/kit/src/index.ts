export {
  addHealthRoute,
  type AdminServer,
  type AdminServerOptions,
  type CheckResult,
  type Checks,
  createAdminServer,
  splitHostPort,
} from "./admin-server.ts";
export { type Clock, createRandom, type Random, systemClock } from "./clock.ts";
export { ConfigError, envName, flagName, HELP, helpText, parseConfig } from "./config.ts";
export { parseDuration } from "./duration.ts";
export { logTail, type TailBounds } from "./log-tail.ts";
export { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
export { createMetrics } from "./metrics.ts";
export {
  type Kit,
  type RunningService,
  runService,
  type ServiceDefinition,
} from "./run-service.ts";
