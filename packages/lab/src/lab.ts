import { createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import { loadAddons } from "./addons.ts";
import { waitForApiServer } from "./api-readiness.ts";
import type { LabPlan } from "./components/component.ts";
import { createBusPasswords } from "./credentials.ts";
import {
  type CompleteLabOptions,
  completeOptions,
  type LabOptions,
  type LabProgress,
} from "./lab-options.ts";
import { LabError } from "./lab-error.ts";
import { readLabStatus, signalLabProcess } from "./lab-status.ts";
import { listenOnHost } from "./launch/listener.ts";
import { chooseSandboxMode } from "./launch/probe.ts";
import { type SandboxProcess, startSandboxProcess } from "./launch/sandbox-process.ts";
import type { SandboxMode } from "./launch/sandbox-command.ts";
import { applyManifests } from "./manifests/apply-manifests.ts";
import { loadManifests } from "./manifests/load-manifests.ts";
import type { Manifest } from "./manifests/manifest.ts";
import { waitForNodes } from "./manifests/node-readiness.ts";
import { waitForRollout } from "./manifests/rollout.ts";
import type { RunningLab } from "./running-lab.ts";
import type { SandboxEvent } from "./sandbox/protocol.ts";
import { startProcesses } from "./start-control-plane.ts";
import { createStartWatchdog, keptLogs, type StartWatchdog } from "./start-watchdog.ts";
import { claimLabDirectory, type ClaimedDirectory, failedLogs } from "./state/lab-directory.ts";
import { labFiles } from "./state/lab-files.ts";
import type { LabRecord } from "./state/lab-record.ts";
import { identifyProcess } from "./state/process-identity.ts";
import { logPath } from "./supervisor/log-file.ts";
import { createTopology, type Topology } from "./topology.ts";
import { serveUplink } from "./uplink/uplink-server.ts";
import { VERSION } from "./version.ts";

/** One lab while it starts: what its steps share. */
interface Start {
  readonly options: CompleteLabOptions;
  readonly topology: Topology;
  readonly directory: ClaimedDirectory;
  readonly watchdog: StartWatchdog;
  readonly report: (phase: LabProgress["phase"], message: string) => void;
}

/**
 * Starts a lab and resolves when its addons and every workload of the given files are ready. When
 * anything fails it throws LabError, and nothing is left: no process, no folder.
 */
export async function startLab(given: LabOptions): Promise<RunningLab> {
  const options = completeOptions(given);
  const topology = createTopology(options);
  const [mode, manifests] = await Promise.all([
    chooseSandboxMode(options.environment.path),
    loadManifests(options.files),
  ]);
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(
    await claimLabDirectory(options.environment.home, newRecord(options)),
  );
  const start = createStart(options, topology, directory);
  using _watchdog = start.watchdog;
  const { plan, apiPort, sandbox } = await startSandbox(start, mode, resources);
  const rest = resources.use(connect(plan.files.kubeconfig));
  await waitForApiServer(rest, start.watchdog.signal);
  start.report("control-plane", `API server ready on https://127.0.0.1:${apiPort}`);
  await applyAll(start, rest, [...(await loadAddons(topology, plan.passwords)), ...manifests]);
  directory.update({ ready: true });
  start.report("ready", "everything is ready");
  const owned = resources.move();
  return runningLab({
    options,
    rest,
    sandbox,
    directory,
    apiPort,
    dispose: () => owned.disposeAsync(),
  });
}

function newRecord(options: CompleteLabOptions): LabRecord {
  const launcher = identifyProcess(process.pid);
  if (launcher === undefined) throw new Error("/proc does not know this process");
  const { name, nodes, serviceCidr, clusterCidr } = options;
  return {
    name,
    launcher,
    nodes,
    serviceCidr,
    clusterCidr,
    versions: { kubehop: VERSION, node: process.version },
    createdAt: new Date().toISOString(),
    ready: false,
  };
}

function createStart(
  options: CompleteLabOptions,
  topology: Topology,
  directory: ClaimedDirectory,
): Start {
  const begun = performance.now();
  const watchdog = createStartWatchdog({
    timeoutMs: options.timeoutMs,
    logDirectory: labFiles(directory.path).logs,
    keptLogs: failedLogs(options.environment.home, options.name),
    signal: options.signal,
  });
  const report = (phase: LabProgress["phase"], message: string): void =>
    options.onProgress?.({ phase, message, elapsedMs: performance.now() - begun });
  return { options, topology, directory, watchdog, report };
}

async function startSandbox(
  start: Start,
  mode: SandboxMode,
  resources: AsyncDisposableStack,
): Promise<{ plan: LabPlan; apiPort: number; sandbox: SandboxProcess }> {
  const { options, directory, watchdog } = start;
  const files = labFiles(directory.path);
  using listeners = new DisposableStack();
  const { hostAddress: host, gatewayPort, uplink } = options;
  const api = listeners.use(
    await listenOnHost({ host, port: options.apiPort, flag: "--api-port" }),
  );
  const gateway =
    gatewayPort === undefined
      ? undefined
      : listeners.use(await listenOnHost({ host, port: gatewayPort, flag: "--gateway-port" }));
  if (uplink !== undefined) resources.use(await serveUplink(uplink));
  const apiPort = api.port;
  const sandbox = resources.use(
    startSandboxProcess({
      mode,
      node: options.environment.node[0],
      env: { PATH: options.environment.path },
      listenFds: gateway === undefined ? [api.fd] : [api.fd, gateway.fd],
      logPath: logPath(files.logs, "sandbox"),
      onEvent: (event) => onSandboxEvent(start, event),
    }),
  );
  void sandbox.ended.then(watchdog.onSandboxEnd);
  directory.update({ apiPort, sandboxPid: sandbox.pid });
  const plan: LabPlan = {
    environment: options.environment,
    topology: start.topology,
    files,
    passwords: createBusPasswords(),
    nodePorts: options.nodePorts,
    proxyModes: options.proxyModes,
    logLevel: options.logLevel,
  };
  await Promise.all([
    startProcesses(sandbox, {
      plan,
      labName: options.name,
      apiPort,
      altNames: options.altNames,
      gateway: gateway !== undefined,
    }),
    sandbox.prepared,
  ]);
  return { plan, apiPort, sandbox };
}

function onSandboxEvent({ options, watchdog, report }: Start, event: SandboxEvent): void {
  if (event.type === "prepared") {
    const count = options.nodes === 1 ? "1 node" : `${options.nodes} nodes`;
    report("sandbox", `network of ${count} built in ${Math.round(event.ms)} ms`);
  } else if (event.type !== "failed") {
    watchdog.onEvent(event);
    options.onEvent?.(event);
  }
}

function connect(kubeconfig: string): RestClient {
  return createRestClient({ ...loadKubeconfig(kubeconfig), userAgent: `kubehop/${VERSION}` });
}

async function applyAll(
  { options, watchdog, report }: Start,
  rest: RestClient,
  manifests: readonly Manifest[],
): Promise<void> {
  try {
    const { signal } = watchdog;
    const beforeWorkloads = async (): Promise<void> => {
      await waitForNodes(rest, options.nodes, signal);
      report(
        "control-plane",
        options.nodes === 1 ? "1 node ready" : `${options.nodes} nodes ready`,
      );
    };
    const objects = await applyManifests({ rest, manifests, beforeWorkloads });
    report("workloads", `${objects.length} objects applied`);
    await waitForRollout({
      rest,
      objects,
      signal,
      hint: keptLogs(failedLogs(options.environment.home, options.name)),
      onProgress: ({ name, ready, wanted }) => {
        if (ready > 0) report("workloads", `${name}: ${ready}/${wanted} ready`);
      },
    });
  } catch (error) {
    // A crashed process says more than the request that failed because of it.
    const { reason } = watchdog.signal as { reason?: unknown };
    throw reason instanceof LabError ? reason : error;
  }
}

interface RunningParts {
  readonly options: CompleteLabOptions;
  readonly rest: RestClient;
  readonly sandbox: SandboxProcess;
  readonly directory: ClaimedDirectory;
  readonly apiPort: number;
  readonly dispose: () => Promise<void>;
}

function runningLab({
  options,
  rest,
  sandbox,
  directory,
  apiPort,
  dispose,
}: RunningParts): RunningLab {
  return {
    name: options.name,
    directory: directory.path,
    kubeconfig: labFiles(directory.path).kubeconfig,
    server: `https://127.0.0.1:${apiPort}`,
    rest,
    ended: sandbox.ended,
    status: () => readLabStatus(directory.path),
    signal: (name, signal) => signalLabProcess(directory.path, name, signal),
    async apply(files) {
      const objects = await applyManifests({ rest, manifests: await loadManifests(files) });
      const signal = AbortSignal.timeout(options.timeoutMs);
      const hint = "They were applied and go on starting; kubehop status shows how far they are.";
      await waitForRollout({ rest, objects, signal, hint, onProgress: () => {} });
    },
    [Symbol.asyncDispose]: dispose,
  };
}
