/** Something to do again and again. */
export interface PeriodicTask {
  readonly intervalMs: number;
  run(): Promise<void>;
  /** A run failed; the next one comes as usual. */
  onFailure(error: unknown): void;
}

/**
 * Runs a task at each interval, first after one interval; a run that takes longer makes the next
 * ones wait for it. Disposing waits for the last run.
 */
export function startPeriodic({ intervalMs, run, onFailure }: PeriodicTask): AsyncDisposable {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= run()
      .catch(onFailure)
      .finally(() => (running = undefined));
  }, intervalMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
