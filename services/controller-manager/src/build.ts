import { hostname } from "node:os";
import {
  type Bus,
  connectBus,
  createEventRecorder,
  createRestClient,
  createWorkQueue,
  loadKubeconfig,
  type RestClient,
  runController,
  runLeaderElection,
} from "@kubehop/client";
import { createAdminServer, type Kit, type RunningService } from "@kubehop/kit";
import { builtInCaches, type Caches, createCaches } from "./caches.ts";
import { type Config, resolveSettings } from "./config.ts";
import type { Context, Controller } from "./controllers/controller.ts";
import { controllers } from "./controllers/index.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createWriter } from "./writer.ts";

const NAME = "kube-controller-manager";
/** Upstream's limit of a controller's back-off. */
const MAX_DELAY_MS = 1_000_000;
const LEASE_SECONDS = 15;
const LEASE_RETRY_MS = 2_000;

/** A running controller manager. */
export interface ControllerManager extends RunningService {
  /** Where health and metrics are served: `ip:port`. */
  readonly address: string;
}

/**
 * Connects to the bus, fills the caches, runs all controllers (with --leader-elect only while
 * leading) and serves health and metrics. Ready when every cache is filled.
 */
export async function build(config: Config, kit: Kit): Promise<ControllerManager> {
  const settings = resolveSettings(config);
  const { logger, clock, metrics: registry } = kit;
  logger.level = config.logLevel;
  await using starting = new AsyncDisposableStack();
  const bus = starting.use(await connectBus(busOptions(config, kit)));
  const rest = starting.use(
    createRestClient({ ...loadKubeconfig(config.kubeconfig), userAgent: NAME }),
  );
  const caches = createCaches(bus, logger);
  for (const cache of builtInCaches(caches)) starting.use(cache);
  starting.use(caches.custom);
  const events = starting.use(createEventRecorder(rest, NAME, logger));
  const writer = createWriter(rest, caches);
  const stop = new AbortController();
  const base = { caches, writer, rest, events, bus, settings, clock, logger };
  const run = createRun(base, createMetrics(registry));
  const running = config.leaderElect
    ? leading(rest, { kit, signal: stop.signal, run })
    : run(stop.signal);
  running.catch(crash);
  starting.defer(async () => {
    stop.abort();
    await running;
  });
  const isReady = (): boolean => isSynced(bus, caches);
  const admin = starting.use(
    await createAdminServer({
      listen: `${config.bindAddress}:${config.port}`,
      metrics: registry,
      ready: { "informer-sync": () => isReady() || "not all caches are filled" },
    }),
  );
  const address = `${admin.host}:${admin.port}`;
  logger.info({ address }, "started");
  const owned = starting.move();
  return {
    address,
    ready: isReady,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Controllers end only when told to; anything else is a fault of ours and ends the process. */
function crash(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

function busOptions(config: Config, kit: Kit): Parameters<typeof connectBus>[0] {
  return {
    url: config.busUrl,
    user: config.busUser,
    password: config.busPassword,
    name: NAME,
    logger: kit.logger,
    signal: kit.signal,
  };
}

function isSynced(bus: Bus, caches: Caches): boolean {
  return bus.connected() && builtInCaches(caches).every((cache) => cache.hasSynced());
}

type Run = (signal: AbortSignal) => Promise<void>;

/** Subscribes every controller, then fills the caches, then lets the controllers work. */
function createRun(base: Omit<Context, "signal">, metrics: Metrics): Run {
  return async (signal) => {
    const context: Context = { ...base, signal };
    const loops = controllers.map((controller) => subscribe(context, controller, metrics));
    const caches = builtInCaches(base.caches);
    for (const cache of caches) cache.start();
    try {
      await Promise.all(caches.map((cache) => cache.synced(signal)));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await Promise.all(loops.map((loop) => loop()));
  };
}

function subscribe(
  context: Context,
  controller: Controller,
  metrics: Metrics,
): () => Promise<void> {
  const { name, workers } = controller;
  const { logger, signal } = context;
  const queue = createWorkQueue({ maxDelayMs: MAX_DELAY_MS, metrics: metrics.queue(name) });
  const reconcile = controller.build(context, queue);
  const counted = async (key: string): Promise<void> => {
    let result: "success" | "error" = "error";
    try {
      await reconcile(key, signal);
      result = "success";
    } finally {
      metrics.reconciled(name, result);
    }
  };
  return () => runController({ name, queue, reconcile: counted, workers, logger, signal });
}

/**
 * A manager that loses the lead ends its process (upstream does the same): its caches' handlers
 * belong to controllers that have stopped, and a restart is the simplest clean beginning.
 */
function leading(
  rest: RestClient,
  { kit, signal, run }: { readonly kit: Kit; readonly signal: AbortSignal; readonly run: Run },
): Promise<void> {
  return runLeaderElection({
    rest,
    claim: {
      ref: { namespace: "kube-system", name: NAME },
      holderIdentity: `${hostname()}_${process.pid}`,
      durationSeconds: LEASE_SECONDS,
    },
    retryPeriodMs: LEASE_RETRY_MS,
    logger: kit.logger,
    signal,
    async lead(leadSignal) {
      await run(leadSignal);
      if (!signal.aborted) throw new Error("lost the lead; restart to wait for it again");
    },
  });
}
