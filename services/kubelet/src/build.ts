import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type Bus,
  connectBus,
  createEventRecorder,
  createRestClient,
  loadKubeconfig,
} from "@kubehop/client";
import type { Kit, RunningService } from "@kubehop/kit";
import { ROOT } from "@kubehop/kit/programs";
import { type Config, resolveSettings } from "./config.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createKubeletMetrics, type RunningCounts } from "./metrics.ts";
import { readCapacity, readMachine, readText } from "./node-facts.ts";
import type { NodeDescription } from "./node-status.ts";
import { startNodePods } from "./node-pods.ts";
import type { NodeFacts } from "./pod-context.ts";
import { DEFAULT_PATH } from "./pod-to-spec.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { createNetnsRuntime, type NetnsRuntime } from "./runtime/netns/netns-runtime.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createLogStore } from "./server/log-store.ts";
import {
  type KubeletServer,
  type KubeletServerOptions,
  startKubeletServer,
} from "./server/server.ts";
import { createWatches, type Watches } from "./watches.ts";

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
  const [runtime, bus] = await Promise.all([createRuntime(config), connect(config, kit)]);
  parts.use(runtime);
  parts.use(bus);
  reportRoot(runtime, kit);
  const watches = parts.use(createWatches(bus, config.nodeName, logger));
  const logs = parts.use(createLogStore({ runtime, logger }));
  const directories = { pods: join(config.rootDir, "pods"), logs: join(config.rootDir, "logs") };
  const node = describeNode(config, settings.labels);
  const shared = { runtime, directories, logger, now: () => clock.now(), rest, signal };
  const pods = parts.use(
    startNodePods({
      ...shared,
      node: nodeFacts(config, node),
      watches,
      events: parts.use(createEventRecorder(rest, "kubelet", logger)),
      metrics: createKubeletMetrics(kit.metrics, countsOf(runtime)),
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
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
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

interface ServerParts extends Pick<KubeletServerOptions, "directories" | "logs" | "runtime"> {
  readonly kit: Kit;
  readonly watches: Watches;
}

async function startServer(config: Config, parts: ServerParts): Promise<KubeletServer> {
  const { kit, watches, runtime, logs, directories } = parts;
  return startKubeletServer({
    host: config.nodeIp[0] ?? "",
    port: config.port,
    tls: await readTls(config),
    metrics: kit.metrics,
    logger: kit.logger,
    pods: watches.pods,
    runtime,
    logs,
    directories,
  });
}

function createRuntime(config: Config): Promise<NetnsRuntime> {
  return createNetnsRuntime({
    directory: join(config.rootDir, "runtime"),
    podCidrs: config.podCidr,
    // Containers run programs of ours.
    visible: [ROOT, dirname(process.execPath)],
    writableSize: config.containerWritableSize,
  });
}

/** Tells once what containers cannot have: an operator wonders otherwise why writes fail. */
function reportRoot(runtime: NetnsRuntime, { logger }: Kit): void {
  const named = (kind: string): string[] =>
    runtime.hostRoot.entries.filter((entry) => entry.kind === kind).map((entry) => entry.name);
  const fields = { writable: named("overlay"), readOnly: named("bind"), hidden: named("empty") };
  if (fields.writable.includes("usr")) logger.info(fields, "root directories of containers");
  else logger.warn(fields, "overlay not available: containers see the node's files read-only");
}

function describeNode(config: Config, labels: NodeDescription["labels"]): NodeDescription {
  return {
    name: config.nodeName,
    ips: config.nodeIp,
    podCidrs: config.podCidr,
    labels,
    port: config.port,
    capacity: readCapacity(config.maxPods),
    ...readMachine(),
  };
}

function nodeFacts(config: Config, node: NodeDescription): NodeFacts {
  return {
    name: config.nodeName,
    ips: config.nodeIp,
    allocatable: node.capacity,
    path: DEFAULT_PATH,
    compileCache: join(config.rootDir, "compile-cache"),
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

function countsOf(runtime: Runtime): RunningCounts {
  return {
    pods: () => runtime.list().filter((sandbox) => sandbox.running).length,
    containers() {
      const containers = runtime.list().flatMap((sandbox) => sandbox.containers);
      return containers.filter(({ phase }) => phase === "running").length;
    },
  };
}
