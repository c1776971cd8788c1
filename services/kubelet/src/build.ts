import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Taint } from "@kubehop/api";
import {
  type Bus,
  connectBus,
  createEventRecorder,
  createRestClient,
  loadKubeconfig,
  type RestClient,
} from "@kubehop/client";
import type { Kit, RunningService } from "@kubehop/kit";
import { type Config, resolveSettings } from "./config.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createKubeletMetrics, type RunningCounts } from "./metrics.ts";
import { readCapacity, readMachine, readText } from "./node-facts.ts";
import type { NodeDescription } from "./node-status.ts";
import { isMirrorPod, startMirrorPods } from "./mirror/mirror-pods.ts";
import { startNodePods } from "./node-pods.ts";
import type { NodeFacts } from "./pod-context.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { createNodeRuntime } from "./runtime/node-runtime.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createLogStore } from "./server/log-store.ts";
import {
  type KubeletServer,
  type KubeletServerOptions,
  startKubeletServer,
} from "./server/server.ts";
import { createWatches, type Watches } from "./watches.ts";

/** A node that runs no pods itself takes none from the scheduler. */
const STATIC_TAINT: Taint = { key: "kubehop.dev/static", effect: "NoSchedule" };

/**
 * How long writes that are under way may take once the kubelet is stopped, in ms. The network may be
 * lost, as that of a node whose container ended first: nothing then says that no answer will come.
 */
const LAST_WRITES_MS = 2_000;

/**
 * Builds the kubelet of one node and starts it: finds the pods of an earlier one, registers the
 * node, runs its pods, serves logs and exec. Rejects when it cannot run at all: wrong flags, no
 * right to make namespaces, a port in use. Disposing it leaves the pods running.
 */
export async function build(given: Config, kit: Kit): Promise<RunningService> {
  const settings = resolveSettings(given);
  const config = { ...given, rootDir: settings.rootDir };
  await using parts = new AsyncDisposableStack();
  mkdirSync(config.rootDir, { recursive: true, mode: 0o700 });
  const { logger, clock, signal } = kit;
  const kubeconfig = loadKubeconfig(config.kubeconfig);
  const rest = parts.use(
    createRestClient({ ...kubeconfig, userAgent: `kubelet/${config.nodeName}` }),
  );
  const [substrate, bus] = await Promise.all([
    createNodeRuntime(config, logger),
    connect(config, kit),
  ]);
  parts.use(bus);
  const { runtime } = parts.use(substrate);
  const watches = parts.use(createWatches(bus, config.nodeName, logger));
  const logs = parts.use(createLogStore({ runtime, logger }));
  const directories = { pods: join(config.rootDir, "pods"), logs: join(config.rootDir, "logs") };
  const node = describeNode(config, settings.labels, runtime);
  const events = parts.use(createEventRecorder(rest, "kubelet", logger));
  const mirrors = parts.use(
    startMirrorPods({
      sources: substrate.staticPods,
      nodeName: config.nodeName,
      rest,
      watches,
      events,
      logger,
      signal,
    }),
  );
  const shared = { runtime, mirrors, directories, logger, now: () => clock.now(), rest, signal };
  const pods = parts.use(
    startNodePods({
      ...shared,
      node: nodeFacts(config, node),
      watches,
      events,
      metrics: createKubeletMetrics(kit.metrics, countsOf(runtime, watches)),
      restartBackoff: settings.backoff,
    }),
  );
  const server = parts.use(await startServer(config, { ...shared, kit, watches, logs }));
  const heartbeat = startHeartbeat({
    ...shared,
    node: { ...node, port: server.port },
    leaseDurationSeconds: config.nodeLeaseDurationSeconds,
    seen: () => watches.node(),
  });
  const running = parts.move();
  running.defer(() => heartbeat.ended);
  return {
    ready: () => heartbeat.registered() && pods.synced(),
    [Symbol.asyncDispose]: () => stop(running, rest),
  };
}

async function stop(parts: AsyncDisposable, rest: RestClient): Promise<void> {
  const cut = setTimeout(() => void rest[Symbol.asyncDispose](), LAST_WRITES_MS);
  await parts[Symbol.asyncDispose]();
  clearTimeout(cut);
}

function connect(config: Config, { logger, signal }: Kit): Promise<Bus> {
  return connectBus({
    url: config.busUrl,
    user: config.busUser,
    password: config.busPassword,
    name: `kubelet/${config.nodeName}`,
    logger,
    signal,
  });
}

interface ServerParts extends Pick<
  KubeletServerOptions,
  "directories" | "logs" | "mirrors" | "runtime"
> {
  readonly kit: Kit;
  readonly watches: Watches;
}

async function startServer(config: Config, parts: ServerParts): Promise<KubeletServer> {
  const { kit, watches, runtime, mirrors, logs, directories } = parts;
  return startKubeletServer({
    host: config.nodeIp[0] ?? "",
    port: config.port,
    tls: await readTls(config),
    metrics: kit.metrics,
    logger: kit.logger,
    pods: watches.pods,
    runtime,
    mirrors,
    logs,
    directories,
  });
}

function describeNode(
  config: Config,
  labels: NodeDescription["labels"],
  runtime: Runtime,
): NodeDescription {
  return {
    name: config.nodeName,
    ips: config.nodeIp,
    podCidrs: config.podCidr,
    labels,
    port: config.port,
    capacity: readCapacity(config.maxPods),
    runtime,
    ...(runtime.name === "static" ? { taint: STATIC_TAINT } : {}),
    ...readMachine(),
  };
}

function nodeFacts(config: Config, node: NodeDescription): NodeFacts {
  return {
    name: config.nodeName,
    ips: config.nodeIp,
    allocatable: node.capacity,
    dns: {
      nameservers: config.clusterDns,
      domain: config.clusterDomain,
      node: parseResolvConf(readText(config.resolvConf)),
    },
    hostsFile: `${readText("/etc/hosts")}\n`,
  };
}

async function readTls(config: Config): Promise<{ cert: string; key: string; ca: string }> {
  const [cert, key, ca] = await Promise.all([
    readFile(config.tlsCertFile, "utf8"),
    readFile(config.tlsPrivateKeyFile, "utf8"),
    readFile(config.clientCaFile, "utf8"),
  ]);
  return { cert, key, ca };
}

function countsOf(runtime: Runtime, { pods }: Watches): RunningCounts {
  return {
    pods: () => runtime.list().filter((sandbox) => sandbox.running).length,
    mirrorPods: () => pods.list().filter(isMirrorPod).length,
    runtimeUp: () => (runtime.problem() === undefined ? 1 : 0),
    containers() {
      const containers = runtime.list().flatMap((sandbox) => sandbox.containers);
      return containers.filter(({ phase }) => phase === "running").length;
    },
  };
}
