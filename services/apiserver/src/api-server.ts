import { type Kind, Kinds } from "@kubehop/api";
import { type Bus, connectBus, openRegistry } from "@kubehop/client";
import {
  type Checks,
  ConfigError,
  flagName,
  type Kit,
  parseDuration,
  type RunningService,
} from "@kubehop/kit";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { formatAddress } from "@kubehop/kit/addresses";
import { build } from "./app.ts";
import { createAuthenticator, createTokenAuthenticator } from "./auth/authenticate.ts";
import { createAuthorizer } from "./auth/authorize.ts";
import { createNodeAuthorizer } from "./auth/nodes/node-authorizer.ts";
import { createEscalationCheck } from "./auth/rbac/escalation.ts";
import { createGrants } from "./auth/rbac/grants.ts";
import { createServiceAccountTokens } from "./auth/service-account-tokens.ts";
import { startBootstrap } from "./bootstrap/bootstrap.ts";
import { publishEndpoints } from "./bootstrap/endpoints.ts";
import { bootstrapObjects, isLoopback } from "./bootstrap/objects.ts";
import { reconcileRoles } from "./bootstrap/rbac/reconcile.ts";
import { createServerLeases, type ServerAddress } from "./bootstrap/server-leases.ts";
import type { Config } from "./config.ts";
import { startCustomResources } from "./custom-resources/controller.ts";
import { createKindTable } from "./custom-resources/kind-table.ts";
import { type Listener, listen } from "./listener.ts";
import { createApiServerMetrics } from "./metrics.ts";
import { createStrategies } from "./registry/index.ts";
import { startEventExpiry } from "./resources/event-expiry.ts";
import { createObjectStore } from "./resources/object-store.ts";
import type { Resources } from "./resources/resources.ts";
import {
  createServiceAllocations,
  parseServiceRanges,
  type ServiceRanges,
} from "./resources/service-allocations.ts";
import { startServiceCidrs } from "./resources/service-cidrs.ts";
import { startServiceRepair } from "./resources/service-repair.ts";
import { createUpgradeHandler } from "./routes/upgrade.ts";
import { createStreamSet, type StreamSet } from "./routes/streams.ts";
import { feedCache } from "./storage/feed.ts";
import { createJetStreamStorage } from "./storage/jetstream.ts";
import { VERSION } from "./version.ts";
import { createWatchCache } from "./watch/cache.ts";

/** Recent events of one resource kept for watchers that come back. */
const WINDOW = { events: 4_096, bytes: 16 * 1024 * 1024 };

/** A process that takes longer than 30 s to stop is ended. */
const MAX_SHUTDOWN_DELAY_MS = 20_000;

/** An API server that runs. */
export interface RunningApiServer extends RunningService {
  /** The bound port. */
  readonly port: number;
}

/**
 * Builds the API server: connects to the bus, reads the registry, listens, creates the objects
 * that must exist. Rejects when a flag, a file or the address can't be used; waits for ever for
 * the bus.
 */
export async function buildApiServer(config: Config, kit: Kit): Promise<RunningApiServer> {
  const ranges = parseServiceRanges(config);
  const eventTtlMs = durationOf(config, "eventTtl");
  const shutdownDelayMs = durationOf(config, "shutdownDelayDuration");
  if (shutdownDelayMs > MAX_SHUTDOWN_DELAY_MS) {
    throw new ConfigError("--shutdown-delay-duration: it may be 20s at most.");
  }
  const files = await readFiles(config);
  await using parts = new AsyncDisposableStack();
  const bus = parts.use(await connect(config, kit));
  const resources = await openResources(bus, { kit, ranges, parts });
  parts.use(startCustomResources(resources, kit.logger));
  const streams = createStreamSet();
  const bootstrap = { done: false };
  const serving = { config, kit, files, bus, resources, streams, bootstrap };
  const listener = parts.use(await serve(serving));
  parts.defer(() => streams.endAll());
  const objects = bootstrapObjects({
    serviceCidrs: ranges.addresses.map(({ text }) => text),
    apiServerIp: firstAddress(ranges),
    port: listener.port,
  });
  parts.use(await startBootstrap(resources, objects, kit.logger));
  await reconcileRoles(resources);
  // Its endpoint is taken out before: who follows that, or readyz, has time to turn elsewhere.
  parts.defer(() => delay(kit.signal.aborted ? shutdownDelayMs : 0));
  const address = { ip: config.advertiseAddress, port: listener.port };
  parts.use(await publish(address, { bus, resources, kit }));
  bootstrap.done = true;
  parts.use(startServiceCidrs(resources, kit.logger));
  parts.use(startServiceRepair(resources, ranges, kit.logger));
  parts.use(startEventExpiry(resources, { ttlMs: eventTtlMs, logger: kit.logger }));
  kit.logger.info({ host: config.bindAddress, port: listener.port }, "serving");
  const running = parts.move();
  return {
    port: listener.port,
    ready: () => bus.connected(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface PublishDeps {
  readonly bus: Bus;
  readonly resources: Resources;
  readonly kit: Kit;
}

/** Makes this server an endpoint of default/kubernetes, if its address leads anybody to it. */
async function publish(
  address: ServerAddress,
  { bus, resources, kit: { logger } }: PublishDeps,
): Promise<AsyncDisposable | undefined> {
  if (isLoopback(address.ip)) {
    logger.warn({ address }, "pods can't reach this server: it advertises a loopback address");
    return undefined;
  }
  const connected = (): boolean => bus.connected();
  const leases = createServerLeases({ ...resources, connected }, address);
  return publishEndpoints(resources, { leases, logger, connected });
}

function connect(config: Config, { name, logger, signal }: Kit): Promise<Bus> {
  const { busUrl, busUser, busPassword } = config;
  return connectBus({ url: busUrl, user: busUser, password: busPassword, name, logger, signal });
}

interface OpenOptions {
  readonly kit: Kit;
  readonly ranges: ServiceRanges;
  /** Takes what must be closed. */
  readonly parts: AsyncDisposableStack;
}

async function openResources(bus: Bus, { kit, ranges, parts }: OpenOptions): Promise<Resources> {
  const { clock, random, logger } = kit;
  const writer = parts.use(await openRegistry(bus));
  const cache = createWatchCache(WINDOW);
  parts.use(await feedCache(bus, cache));
  const store = createObjectStore(createJetStreamStorage(writer), cache);
  const services = createServiceAllocations({ cache, store, clock, random, logger }, ranges);
  return {
    cache,
    store,
    clock,
    random,
    kinds: createKindTable(),
    strategyOf: createStrategies({ ipFamilies: ranges.addresses.map(({ family }) => family) }),
    allocationOf: (kind) => (kind === (Kinds.Service as Kind) ? services : undefined),
  };
}

interface ServeOptions {
  readonly config: Config;
  readonly kit: Kit;
  readonly files: Files;
  readonly bus: Bus;
  readonly resources: Resources;
  readonly streams: StreamSet;
  /** Whether the objects that must exist do. */
  readonly bootstrap: { readonly done: boolean };
}

function serve({ config, kit, files, bootstrap, ...rest }: ServeOptions): Promise<Listener> {
  const { clock, random, logger, signal } = kit;
  const { resources } = rest;
  const tokens = createServiceAccountTokens({
    signingKey: files.serviceAccountSigningKeyFile,
    publicKey: files.serviceAccountKeyFile,
    issuer: config.serviceAccountIssuer,
    now: () => clock.now(),
  });
  const kubelet = {
    cert: files.kubeletClientCertificate,
    key: files.kubeletClientKey,
    ca: files.kubeletCertificateAuthority,
  };
  const authenticateToken = createTokenAuthenticator({ tokens, store: resources.store });
  const authenticate = createAuthenticator(authenticateToken);
  const grants = createGrants(resources.cache);
  const authorizer = createAuthorizer(grants, createNodeAuthorizer(resources.cache));
  const { cache, store } = resources;
  const metrics = createApiServerMetrics(kit.metrics, cache, VERSION["gitVersion"] ?? "");
  const now = (): number => clock.now();
  const watch = { cache, store, metrics, random, now, streams: rest.streams };
  const app = build({
    ...rest,
    watch,
    authenticate,
    authenticateToken,
    authorizer,
    admit: createEscalationCheck(authorizer, grants),
    tokens,
    kubelet,
    metrics: kit.metrics,
    clock,
    logger,
    advertised: `${config.advertiseAddress}:${config.securePort}`,
    limits: {
      readOnly: config.maxRequestsInflight,
      mutating: config.maxMutatingRequestsInflight,
    },
    stopping: signal,
    live: {},
    ready: readyChecks(rest.bus, bootstrap, signal),
  });
  return listen({
    app,
    upgrade: createUpgradeHandler({ authenticate, authorizer, resources, kubelet, watch, logger }),
    tls: { cert: files.tlsCertFile, key: files.tlsPrivateKeyFile, ca: files.clientCaFile },
    host: config.bindAddress,
    port: config.securePort,
    ...(config.listenFd !== undefined && { fd: config.listenFd }),
  });
}

function readyChecks(
  bus: Bus,
  bootstrap: { readonly done: boolean },
  stopping: AbortSignal,
): Checks {
  return {
    "poststarthook/bootstrap-objects": () => bootstrap.done || "not finished",
    nats: () => bus.connected() || "not connected to nats-server",
    shutdown: () => !stopping.aborted || "process is shutting down",
  };
}

/** The milliseconds of a flag; throws ConfigError naming it. */
function durationOf(config: Config, flag: "eventTtl" | "shutdownDelayDuration"): number {
  const text = config[flag];
  try {
    const ms = parseDuration(text);
    if (ms >= 0) return ms;
  } catch {
    // No duration: as wrong as a negative one.
  }
  throw new ConfigError(`--${flagName(flag)}: "${text}" must be a duration such as 1h, or 0.`);
}

function firstAddress({ addresses: [first] }: ServiceRanges): string {
  if (first === undefined) throw new ConfigError("--service-cluster-ip-range: no range is given.");
  return formatAddress({ family: first.family, value: first.base + 1n });
}

const FILES = [
  "tlsCertFile",
  "tlsPrivateKeyFile",
  "clientCaFile",
  "serviceAccountKeyFile",
  "serviceAccountSigningKeyFile",
  "kubeletClientCertificate",
  "kubeletClientKey",
  "kubeletCertificateAuthority",
] as const;

type Files = Record<(typeof FILES)[number], string>;

async function readFiles(config: Config): Promise<Files> {
  const entries = FILES.map(async (name) => {
    try {
      return [name, await readFile(config[name], "utf8")] as const;
    } catch (error) {
      throw new ConfigError(`--${flagName(name)}: ${(error as Error).message}`, { cause: error });
    }
  });
  return Object.fromEntries(await Promise.all(entries)) as Files;
}
