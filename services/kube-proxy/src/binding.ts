import type { Logger } from "@kubehop/kit";

/** One socket that is to be bound while somebody wants it. */
export interface Binding {
  /** Binds or closes; resolves when it is so, or when binding has failed and will be retried. */
  want(open: boolean): Promise<void>;
  /** Why the wanted socket is not bound now. */
  problem(): string | undefined;
}

/** How to bind, and what to do when that fails. */
export interface BindingOptions {
  /** For the log: `TCP/10.96.0.50:80`. */
  readonly frontend: string;
  bind(): Promise<Disposable>;
  readonly retryMs: number;
  readonly logger: Logger;
  /** Called for each failed attempt; `repeated` when the one before failed as well. */
  onFailure(problem: string, repeated: boolean): void;
}

/** Creates a binding that is not wanted yet. Attempts never overlap. */
export function createBinding(options: BindingOptions): Binding {
  const { frontend, logger, retryMs } = options;
  let wanted = false;
  let bound: Disposable | undefined;
  let problem: string | undefined;
  let attempt: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function tryBind(): Promise<void> {
    try {
      bound = await options.bind();
      if (problem !== undefined) logger.info({ frontend }, "port bound at last");
      problem = undefined;
    } catch (error) {
      fail(error as Error);
    }
    attempt = undefined;
    if (!wanted) close();
  }

  function fail({ message }: Error): void {
    if (problem === undefined) logger.warn({ frontend, cause: message, retryMs }, "port not bound");
    const repeated = problem !== undefined;
    problem = message;
    options.onFailure(message, repeated);
    retry = setTimeout(open, retryMs);
  }

  async function open(): Promise<void> {
    clearTimeout(retry);
    if (bound === undefined) await (attempt ??= tryBind());
  }

  function close(): void {
    clearTimeout(retry);
    bound?.[Symbol.dispose]();
    bound = undefined;
    problem = undefined;
  }

  return {
    async want(isWanted) {
      const changed = wanted !== isWanted;
      wanted = isWanted;
      if (!isWanted) close();
      else if (changed || problem === undefined) await open();
    },
    problem: () => problem,
  };
}
