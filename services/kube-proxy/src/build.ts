import { Kinds } from "@kubehop/api";
import {
  type Bus,
  connectBus,
  createHopTracer,
  createInformer,
  type HopTracer,
} from "@kubehop/client";
import type { Kit, RunningService } from "@kubehop/kit";
import type { Syscalls } from "@kubehop/syscalls";
import { EventEmitter } from "node:events";
import { availableParallelism } from "node:os";
import { listenAdmin } from "./admin.ts";
import { createClusterMatcher } from "./cluster-addresses.ts";
import { type Config, resolveSettings, type Settings } from "./config.ts";
import { createAnyIp, familyOf } from "./dataplane/any-ip.ts";
import { cleanUpModes } from "./dataplane/cleanup.ts";
import type { DataPlane } from "./dataplane/dataplane.ts";
import { systemCommands } from "./dataplane/kernel/commands.ts";
import { createKernelStats, type KernelStats } from "./dataplane/kernel/kernel-stats.ts";
import { loadForwarder } from "./dataplane/userspace/forwarder.ts";
import { chooseDataPlane, type ChosenMode, parseProxyMode } from "./dataplane/select.ts";
import { createForwarderStats, type ForwarderStats } from "./forwarder-stats.ts";
import { createProxyHealth } from "./health.ts";
import { createProxyMetrics } from "./metrics.ts";
import { SLICES_BY_SERVICE } from "./node-table.ts";
import { openFileLimit } from "./open-files.ts";
import { createProxier, type ProxierOptions } from "./proxier.ts";
import { createProxyEvents, type ProxyEvents } from "./proxy-events.ts";
import { createServiceHealth } from "./service-health.ts";
import { createSyncRunner, type SyncRunner } from "./sync-runner.ts";

/** A pending change that is older than so many sync periods makes the proxy unhealthy (upstream). */
const HEALTH_PERIODS = 2;
/** A sync takes place at least so often, changes or not (upstream). */
const FULL_SYNC_MS = 3_600_000;

/**
 * Builds kube-proxy: joins the bus, follows Services, EndpointSlices and its Node and, once it
 * knows them all, keeps the data plane at what they say. Rejects for a flag that cannot be used, an
 * admin port that is taken and a bus that refuses the user.
 */
export async function build(config: Config, kit: Kit): Promise<RunningService> {
  kit.logger.level = config.logLevel;
  const settings = resolveSettings(config, {
    openFiles: openFileLimit(),
    cores: availableParallelism(),
  });
  const wanted = parseProxyMode(config.proxyMode);
  await using stack = new AsyncDisposableStack();
  const bus = stack.use(
    await connectBus({
      url: config.busUrl,
      user: config.busUser,
      password: config.busPassword,
      name: `kube-proxy.${config.nodeName}`,
      logger: kit.logger,
      signal: kit.signal,
    }),
  );
  const events = stack.use(createProxyEvents({ ...config, logger: kit.logger }));
  const families = [...new Set(config.nodeIp.map(familyOf))];
  const chosen = await chooseDataPlane(wanted, systemCommands, families);
  if (chosen.problem !== undefined) events.modeUnavailable(wanted, chosen);
  await cleanUpModes(systemCommands, kit.logger, chosen.mode);
  const { mode } = chosen;
  const syscalls =
    mode === "userspace" ? await loadForwarder(config.forwarder, kit.logger) : undefined;
  const parts = createParts(stack, { config, settings, kit, bus, chosen, syscalls, events });
  const { healthzPort, metricsPort } = stack.use(
    await listenAdmin({ config, kit, mode, ...parts }),
  );
  kit.logger.info({ healthzPort, metricsPort, mode }, "listening");
  const ready = serve(stack, { parts, settings, kit });

  const owned = stack.move();
  return { ready, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface PartsOptions {
  readonly config: Config;
  readonly settings: Settings;
  readonly kit: Kit;
  readonly bus: Bus;
  readonly chosen: ChosenMode;
  readonly syscalls: Syscalls | undefined;
  readonly events: ProxyEvents;
}

/** Creates what the proxier works with; the stack owns it. Nothing of it runs yet. */
function createParts(stack: AsyncDisposableStack, options: PartsOptions): ProxierOptions {
  const { config, settings, kit, bus, events } = options;
  const { logger, clock } = kit;
  const node = { name: config.nodeName, addresses: config.nodeIp };
  const [stats, kernelStats] = [createForwarderStats(), createKernelStats()];
  const requests = new EventEmitter<{ sync: [] }>();
  const tracer = stack.use(
    createHopTracer({ bus, component: "kube-proxy", node: node.name, clock }),
  );
  const dataPlane = stack.use(
    createDataPlane({ ...options, stats, kernelStats, tracer, requests }),
  );
  const services = stack.use(createInformer({ bus, kind: Kinds.Service, logger }));
  const slices = stack.use(
    createInformer({ bus, kind: Kinds.EndpointSlice, logger, indexes: SLICES_BY_SERVICE }),
  );
  const nodes = stack.use(createInformer({ bus, kind: Kinds.Node, logger }));
  const families = config.nodeIp.map(familyOf);
  const health = createProxyHealth({
    clock,
    timeoutMs: HEALTH_PERIODS * settings.syncPeriodMs,
    families,
    node: () => nodes.store.get(node.name),
    unboundPorts: dataPlane.unboundPorts,
  });
  const serviceHealth = stack.use(
    createServiceHealth({
      addresses: config.nodeIp,
      retryMs: settings.forwarder.bindRetryMs,
      logger,
      isProxyHealthy: () => health.report("healthz").healthy,
      onUnbound: (service, problem) => events.unbound(service, "the health check port", problem),
    }),
  );
  const metrics = createProxyMetrics({
    registry: kit.metrics,
    stats,
    kernelStats,
    forwarder: forwarderOf(options),
    family: families[0] ?? "IPv4",
    unboundPorts: () => dataPlane.unboundPorts().length,
    now: clock.now,
  });
  const followed = { services, slices, nodes, node };
  return {
    ...followed,
    dataPlane,
    serviceHealth,
    tracer,
    metrics,
    health,
    requests,
    clock,
    logger,
  };
}

function forwarderOf({ chosen, syscalls }: PartsOptions): "epoll" | "node" | undefined {
  if (chosen.mode !== "userspace") return undefined;
  return syscalls === undefined ? "node" : "epoll";
}

interface DataPlaneParts extends PartsOptions {
  readonly stats: ForwarderStats;
  readonly kernelStats: KernelStats;
  readonly tracer: HopTracer;
  readonly requests: EventEmitter<{ sync: [] }>;
}

function createDataPlane(parts: DataPlaneParts): DataPlane {
  const { config, settings, kit, chosen, events } = parts;
  const { logger, clock, random } = kit;
  const { clusterCidr, serviceClusterIpRange: serviceCidrs, nodeIp: nodeIps } = config;
  return chosen.create({
    settings: settings.forwarder,
    syscalls: parts.syscalls,
    kernel: {
      commands: systemCommands,
      anyIp: createAnyIp({ commands: systemCommands, serviceCidrs, nodeIps, logger }),
      stats: parts.kernelStats,
      clusterCidrs: clusterCidr,
      serviceCidrs,
      monitorIntervalMs: settings.syncPeriodMs,
      requestSync: () => parts.requests.emit("sync"),
    },
    onUnbound: ({ key, service }, problem) => events.unbound(service.name, key, problem),
    isFromCluster: createClusterMatcher(clusterCidr, nodeIps),
    random,
    tracer: parts.tracer,
    stats: parts.stats,
    clock,
    logger,
  });
}

interface ServeOptions {
  readonly parts: ProxierOptions;
  readonly settings: Settings;
  readonly kit: Kit;
}

/**
 * Follows the registry. Nothing is programmed before all three kinds are known: half of a table
 * would refuse clients of Services that have endpoints. Gives whether the first sync is done.
 */
function serve(stack: AsyncDisposableStack, { parts, settings, kit }: ServeOptions): () => boolean {
  const { logger, clock, signal } = kit;
  const informers = [parts.services, parts.slices, parts.nodes];
  const proxier = createProxier(parts);
  let synced = false;
  const runner: SyncRunner = stack.use(
    createSyncRunner({
      async sync() {
        await proxier.sync();
        if (!synced) logger.info({ services: parts.services.store.size() }, "serving");
        synced = true;
      },
      minIntervalMs: settings.minSyncPeriodMs,
      retryIntervalMs: settings.syncPeriodMs,
      maxIntervalMs: FULL_SYNC_MS,
      monotonic: clock.monotonic,
      onError: (err) => logger.error({ err }, "sync failed"),
    }),
  );
  stack.use(
    proxier.onChange(() => {
      if (informers.every((informer) => informer.hasSynced())) runner.request();
    }),
  );
  for (const informer of informers) informer.start();
  Promise.all(informers.map((informer) => informer.synced(signal))).then(
    () => runner.request(),
    () => logger.debug({}, "stopped before the registry was known"),
  );
  return () => synced;
}
