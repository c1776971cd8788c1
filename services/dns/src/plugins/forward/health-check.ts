import { FormatError } from "@kubehop/dns-wire";

/** Watches an upstream from an error on until it answers again. */
export interface HealthCheck extends Disposable {
  /** Checks that failed since the last one that did not. */
  failures(): number;
  /** Begins to check; does nothing while checks are going on. */
  start(): void;
}

/** How an upstream is checked. */
export interface HealthCheckOptions {
  readonly intervalMs: number;
  /** Asks something; any answer, also one that cannot be read, means that it lives. */
  readonly check: () => Promise<unknown>;
  onFailure(): void;
}

/** Creates a check that stands still until it is started. */
export function createHealthCheck({
  intervalMs,
  check,
  onFailure,
}: HealthCheckOptions): HealthCheck {
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const schedule = (delayMs: number): void => {
    timer = setTimeout(() => void run(), delayMs).unref();
  };
  const run = async (): Promise<void> => {
    if (await answers(check)) {
      failures = 0;
      timer = undefined;
      return;
    }
    failures++;
    onFailure();
    if (!closed) schedule(intervalMs);
  };
  return {
    failures: () => failures,
    start() {
      if (timer === undefined && !closed) schedule(0);
    },
    [Symbol.dispose]() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function answers(check: () => Promise<unknown>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    return error instanceof FormatError;
  }
}
