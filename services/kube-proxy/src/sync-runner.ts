/** Runs a sync at bounded intervals, never two at a time. */
export interface SyncRunner extends AsyncDisposable {
  /** Asks for a run; requests made before it starts are one run. */
  request(): void;
}

/** How often, and what, to run. */
export interface SyncRunnerOptions {
  /** Makes the world fit; a rejection asks for another run after the retry interval. */
  sync(): Promise<void>;
  /** Least time between the end of a run and the start of the next, in ms; 0 = at once. */
  readonly minIntervalMs: number;
  /** Time after a failed run, in ms. */
  readonly retryIntervalMs: number;
  /** A run takes place at least so often, in ms. */
  readonly maxIntervalMs: number;
  readonly monotonic: () => number;
  onError(error: unknown): void;
}

/** Creates a runner that waits for the first request (upstream: pkg/proxy/runner). */
export function createSyncRunner(options: SyncRunnerOptions): SyncRunner {
  const { minIntervalMs, retryIntervalMs, maxIntervalMs, monotonic } = options;
  let lastEnd = Number.NEGATIVE_INFINITY;
  let dueAt = Number.POSITIVE_INFINITY;
  let cancel = (): void => {};
  let running: Promise<void> | undefined;
  let requested = false;
  let disposed = false;

  function schedule(delayMs: number): void {
    const at = monotonic() + delayMs;
    if (disposed || at >= dueAt) return;
    cancel();
    dueAt = at;
    cancel = callIn(delayMs, () => {
      dueAt = Number.POSITIVE_INFINITY;
      requested = false;
      running = run();
    });
  }

  async function run(): Promise<void> {
    const failed = await attempt(options);
    lastEnd = monotonic();
    running = undefined;
    if (requested) schedule(minIntervalMs);
    else schedule(failed ? Math.min(retryIntervalMs, maxIntervalMs) : maxIntervalMs);
  }

  return {
    request() {
      requested = true;
      if (running === undefined) schedule(Math.max(0, lastEnd + minIntervalMs - monotonic()));
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      cancel();
      await running;
    },
  };
}

async function attempt({ sync, onError }: SyncRunnerOptions): Promise<boolean> {
  try {
    await sync();
    return false;
  } catch (error) {
    onError(error);
    return true;
  }
}

/** At once means: after the I/O events of this turn, so that a burst of changes is one run. */
function callIn(delayMs: number, callback: () => void): () => void {
  if (delayMs <= 0) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
