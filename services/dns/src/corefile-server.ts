import { networkInterfaces } from "node:os";
import { DEFAULT_COREFILE, type DnsConfig } from "./config.ts";
import type { Environment } from "./corefile/lexer.ts";
import { type LoadedCorefile, loadCorefile } from "./corefile/load.ts";
import { buildInstance, type Instance, type InstanceOptions } from "./instance.ts";
import type { ProcessContext } from "./plugin.ts";
import type { Endpoint } from "./query.ts";
import type { HttpEndpoints } from "./server/http-endpoints.ts";
import type { Listeners } from "./server/listeners.ts";
import type { Assignment } from "./worker/messages.ts";
import type { Workers } from "./worker/workers.ts";

/** What a server is made from. */
export interface ServerParts {
  readonly config: DnsConfig;
  readonly env: Environment;
  readonly context: ProcessContext;
  readonly listeners: Listeners;
  readonly workers: Workers;
  readonly http: HttpEndpoints;
}

/** The Corefile in force: started once, reloaded any number of times, stopped once. */
export interface CorefileServer {
  start(): Promise<void>;
  checkCorefile(): Promise<void>;
  addresses(): readonly Endpoint[];
  ready(): boolean;
  lameduck(): Promise<void>;
  stop(): Promise<void>;
}

/** Creates a server; `start` reads the Corefile. */
export function createCorefileServer(parts: ServerParts): CorefileServer {
  const { config, context, listeners, workers, http } = parts;
  const { logger } = context;
  let current: Instance | undefined;
  let bound: readonly Endpoint[] = [];
  let lastHash = "";
  const failures = createFailureReport(context);
  let changing: Promise<void> = Promise.resolve();
  /** Earlier instances finish the queries they have while the next one answers. */
  let retired: Promise<unknown> = Promise.resolve();
  let stopping = false;

  const take = async ({ corefile, hash }: LoadedCorefile): Promise<void> => {
    lastHash = hash;
    for (const warning of corefile.warnings) logger.warn({ warning }, "Corefile warning");
    const next = buildInstance(corefile, { context, ...listenDefaults(config) });
    bound = await bringUp(next, parts);
    const previous = current;
    current = next;
    retired = Promise.all([retired, previous?.stop()]);
    await share(workers, next, { corefile, ports: bound.map(({ port }) => port) });
    publish(next, hash, context);
  };
  const check = async (): Promise<void> => {
    if (stopping) return;
    try {
      const loaded = load(parts);
      if (loaded.hash === lastHash) return;
      failures.forget();
      logger.info({}, "Reloading");
      await take(loaded);
      logger.info({ hash: loaded.hash }, "Reloading complete");
    } catch (error) {
      failures.tell(error);
    }
  };
  return {
    async start() {
      await take(load(parts));
      for (const { ip, port } of bound) logger.info({ ip, port }, "answering DNS on UDP and TCP");
    },
    checkCorefile() {
      changing = changing.then(check);
      return changing;
    },
    addresses: () => bound,
    ready: () => current?.notReady().length === 0,
    async lameduck() {
      stopping = true;
      await changing;
      await closeForLameduck(current, http);
      await current?.lameduck();
    },
    async stop() {
      stopping = true;
      await Promise.all([listeners[Symbol.asyncDispose](), workers[Symbol.asyncDispose]()]);
      await Promise.all([retired, current?.stop()]);
      await http[Symbol.asyncDispose]();
    },
  };
}

/** Tells of failed reloads in the log, a metric and an Event; of the same one only once. */
function createFailureReport({ logger, metrics, warnUsers }: ProcessContext): {
  tell(error: unknown): void;
  forget(): void;
} {
  // A text that cannot even be parsed is met again at every look.
  let last = "";
  return {
    tell(error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason === last) return;
      last = reason;
      metrics.reloadFailed.inc();
      logger.error({ reason }, "Corefile changed but reload failed");
      warnUsers("CorefileInvalid", `${reason}; the old configuration goes on`);
    },
    forget() {
      last = "";
    },
  };
}

/** What shows readiness goes first, so that nobody sends new queries. */
async function closeForLameduck(
  instance: Instance | undefined,
  http: HttpEndpoints,
): Promise<void> {
  const kept = instance?.endpoints.filter(({ closedInLameduck }) => closedInLameduck !== true);
  await (await http.prepare(kept ?? [])).commit();
}

function load({ config, env }: ServerParts): LoadedCorefile {
  return loadCorefile(config.conf, { env, optional: config.conf === DEFAULT_COREFILE });
}

/**
 * Sets the next instance up before anything of the present one changes. It listens before /ready
 * is its own, so that a reload shows no moment without readiness.
 */
async function bringUp(
  next: Instance,
  { http, listeners }: ServerParts,
): Promise<readonly Endpoint[]> {
  const endpoints = await http.prepare(next.endpoints);
  try {
    await next.start();
    const sockets = await listeners.prepare(next.addresses);
    const bound = await sockets.commit();
    next.listening(bound);
    await endpoints.commit();
    return bound;
  } catch (error) {
    await endpoints.rollback();
    await next.stop();
    throw error;
  }
}

/** Lets workers answer too where `multisocket` wants more than one socket. */
function share(workers: Workers, { addresses }: Instance, assignment: Assignment): Promise<void> {
  const sockets = addresses.map((address) => address.sockets);
  return workers.serve(Math.max(1, ...sockets) - 1, assignment);
}

function publish({ enabled }: Instance, hash: string, { metrics }: ProcessContext): void {
  metrics.pluginEnabled.reset();
  for (const each of enabled) {
    metrics.pluginEnabled.set({ ...each }, 1);
  }
  metrics.reloadVersion.reset();
  metrics.reloadVersion.set({ hash: "sha512", value: hash }, 1);
}

/** Where blocks listen that do not say it. */
export function listenDefaults(
  config: DnsConfig,
): Pick<InstanceOptions, "defaultPort" | "defaultHosts"> {
  return { defaultPort: config["dns.port"], defaultHosts: wildcardHosts() };
}

/** All addresses: IPv4, and IPv6 where this machine has it. */
function wildcardHosts(): readonly string[] {
  const ipv6 = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ family }) => family === "IPv6");
  return ipv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"];
}
