/** Callers that wait until a revision has been applied. */
export interface Waiters {
  /** Resolves when `reached` is told this revision or a later one; rejects when aborted. */
  wait(revision: number, signal: AbortSignal): Promise<void>;
  reached(revision: number): void;
}

/** Creates an empty set of waiters. */
export function createWaiters(): Waiters {
  const waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  return {
    wait: (revision, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          waiting.delete(waiter);
          reject(signal.reason as Error);
        };
        const waiter = {
          revision,
          resolve: () => {
            signal.removeEventListener("abort", abort);
            resolve();
          },
        };
        if (signal.aborted) return abort();
        signal.addEventListener("abort", abort, { once: true });
        waiting.add(waiter);
      }),
    reached(revision) {
      for (const waiter of waiting) {
        if (waiter.revision > revision) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    },
  };
}
