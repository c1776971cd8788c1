import type { Registry } from "prom-client";
import type { Static, TObject } from "typebox";
import { type Clock, createRandom, type Random, systemClock } from "./clock.ts";
import { ConfigError, HELP, helpText, parseConfig } from "./config.ts";
import { createLogger, type Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";

/** How long a process may take to stop after SIGTERM before it gives up, in ms. */
const STOP_DEADLINE_MS = 30_000;

/** What a process is handed: everything that would otherwise be a global. */
export interface Kit {
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** A process that runs; disposing it stops it in good order. */
export interface RunningService extends AsyncDisposable {
  /** Whether it can serve now. */
  ready(): boolean;
}

/** A process's name, its flags and how it is built from them. */
export interface ServiceDefinition<S extends TObject> {
  readonly name: string;
  readonly schema: S;
  build(config: Static<S>, kit: Kit): Promise<RunningService>;
}

/**
 * The life of a process, called once from its main.ts: reads the configuration, builds the
 * service, waits for SIGTERM or SIGINT, disposes it under a deadline. A second signal or the
 * deadline ends the process with code 1; wrong flags end it with code 2 and one message.
 */
export function runService<S extends TObject>(definition: ServiceDefinition<S>): void {
  const { argv, env } = process;
  try {
    const config = parseConfig(definition.schema, { argv: argv.slice(2), env });
    if (config === HELP) {
      process.stdout.write(helpText(definition.name, definition.schema));
      return;
    }
    run(definition, config, createKit(definition.name, env)).catch(fail(definition.name));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`kubehop ${definition.name}: ${error.message}\n`);
    process.exitCode = 2;
  }
}

function createKit(name: string, env: NodeJS.ProcessEnv): Omit<Kit, "signal"> {
  const seed = env["KUBEHOP_SEED"];
  return {
    name,
    logger: createLogger({ name, level: env["KUBEHOP_LOG_LEVEL"] ?? "info" }),
    metrics: createMetrics(),
    clock: systemClock,
    random: seed === undefined ? Math.random : createRandom(Number(seed)),
  };
}

async function run<S extends TObject>(
  definition: ServiceDefinition<S>,
  config: Static<S>,
  kit: Omit<Kit, "signal">,
): Promise<void> {
  const stop = new AbortController();
  const stopped = once(stop.signal);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(1);
      kit.logger.info({ signal }, "stopping");
      stop.abort();
    });
  }
  const service = await definition.build(config, { ...kit, signal: stop.signal });
  await stopped;
  const deadline = setTimeout(() => {
    kit.logger.error({ deadlineMs: STOP_DEADLINE_MS }, "did not stop in time");
    process.exit(1);
  }, STOP_DEADLINE_MS);
  await service[Symbol.asyncDispose]();
  clearTimeout(deadline);
  process.exit(0);
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function fail(name: string): (error: unknown) => void {
  return (error) => {
    const text = error instanceof ConfigError ? error.message : String((error as Error)?.stack);
    process.stderr.write(`kubehop ${name}: ${text}\n`);
    process.exit(error instanceof ConfigError ? 2 : 1);
  };
}
