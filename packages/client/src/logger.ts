/** Where the client reports: a constant message and fields. Any pino logger fits. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Time as the client sees it. The kit's clock fits. */
export interface Clock {
  /** Unix time in milliseconds, with a fraction. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => performance.timeOrigin + performance.now() };
