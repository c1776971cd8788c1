import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Kinds, type Pod } from "@kubehop/api";
import { startTestLab, waitFor } from "@kubehop/testkit";
import type { RunningLab } from "@kubehop/lab";
import { isReady } from "../../support/cluster.ts";
import { processesOfPod } from "../../support/processes.ts";
import { startProber, type Prober } from "./prober.ts";

const NETPOD = join(import.meta.dirname, "../programs/netpod.ts");
/** Outside addresses of Services: the control plane's network routes them to node-1. */
const OUTSIDE_RANGES = ["192.0.2.0/24", "203.0.113.0/24"];

/** The modes that the suite runs in. */
export type NetworkMode = "userspace" | "nftables" | "iptables";

/** A pod that a test wants; the rest is a netpod without probes. */
export interface NetpodOptions {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly node?: string;
  readonly env?: Record<string, string>;
  readonly spec?: Partial<Pod["spec"]>;
  /** Port 8081 answers the readiness probe; false begins as not ready. */
  readonly readiness?: boolean;
  /** Names of container ports. */
  readonly ports?: Readonly<Record<string, number>>;
}

/** A Deployment that a test wants. */
export interface DeploymentOptions {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly replicas: number;
  readonly lifecycle?: object;
}

/** A lab of three nodes with a client and an endpoint on each, and clients everywhere. */
export interface NetworkCluster extends AsyncDisposable {
  readonly mode: NetworkMode;
  readonly lab: RunningLab;
  /** In the pods client-1 to client-3, each on the node of that number. */
  readonly clients: readonly [Prober, Prober, Prober];
  /** In the pods echo-1 to echo-3 (label app=echo). */
  readonly endpoints: readonly [Prober, Prober, Prober];
  /** In the nodes' own networks. */
  readonly nodes: readonly [Prober, Prober, Prober];
  /** In the network beside the nodes. */
  readonly outside: Prober;
  /** The nodes' addresses. */
  readonly nodeIps: readonly [string, string, string];
  createPod(options: NetpodOptions): Promise<Pod>;
  /** A Deployment of ready netpods; resolves when it is accepted. */
  createDeployment(options: DeploymentOptions): Promise<void>;
  /** Runs a command in a node's network. */
  runOnNode(node: string, command: readonly string[]): Promise<void>;
  /** A prober in a pod's network; the caller ends it. */
  proberIn(pod: string): Prober;
}

/** Names of the endpoints that every cluster has. */
export const ECHOES = ["echo-1", "echo-2", "echo-3"] as const;

/** Starts the cluster in a mode; `forwarder` is who forwards in userspace mode, as `--forwarder`. */
export async function startNetworkCluster(
  mode: NetworkMode,
  forwarder?: string,
): Promise<NetworkCluster> {
  await using stack = new AsyncDisposableStack();
  const options = { timeoutMs: 120_000, proxyModes: [mode] };
  const lab = stack.use(
    await startTestLab({ ...options, ...(forwarder === undefined ? {} : { forwarder }) }),
  );
  const numbers = [1, 2, 3] as const;
  const createPod = (options: NetpodOptions): Promise<Pod> => createNetpod(lab, options);
  await Promise.all(
    numbers.flatMap((number) =>
      ["client", "echo"].map((app) =>
        createPod({ name: `${app}-${number}`, labels: { app }, node: `node-${number}` }),
      ),
    ),
  );
  const { processes } = await lab.status();
  const pidOf = (name: string): number => processes.find((one) => one.name === name)?.pid ?? 0;
  const proberIn = (pod: string): Prober => startProber(pod, pidOfPod(lab, pod));
  const all = (start: (number: number) => Prober): [Prober, Prober, Prober] => [
    stack.use(start(1)),
    stack.use(start(2)),
    stack.use(start(3)),
  ];
  const cluster = {
    mode,
    lab,
    clients: all((number) => proberIn(`client-${number}`)),
    endpoints: all((number) => proberIn(`echo-${number}`)),
    nodes: all((number) => startProber(`node-${number}`, pidOf(`kube-proxy/node-${number}`))),
    outside: stack.use(startProber("outside", pidOf("nats-server"))),
    nodeIps: ["172.31.0.11", "172.31.0.12", "172.31.0.13"],
    createPod,
    createDeployment: (options: DeploymentOptions) => createDeployment(lab, options),
    runOnNode: (node: string, command: readonly string[]) =>
      runIn(pidOf(`kube-proxy/${node}`), command),
    proberIn,
  } as const;
  await routeOutside(pidOf("nats-server"));
  const owned = stack.move();
  return { ...cluster, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function createNetpod(lab: RunningLab, options: NetpodOptions): Promise<Pod> {
  const { name, labels, node, env = {}, spec = {}, readiness, ports = {} } = options;
  const variables = {
    NETWORK_LAB: lab.name,
    ...(readiness === false && { READY: "0" }),
    ...env,
  };
  await lab.rest.create(Kinds.Pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...(node !== undefined && { nodeName: node }),
      ...spec,
      containers: [
        {
          name: "net",
          image: "node",
          command: [process.execPath, NETPOD],
          env: Object.entries(variables).map(([key, value]) => ({ name: key, value })),
          ports: Object.entries(ports).map(([port, containerPort]) => ({
            name: port,
            containerPort,
          })),
          ...(readiness !== undefined && {
            readinessProbe: {
              httpGet: { path: "/readyz", port: 8081 },
              periodSeconds: 1,
              failureThreshold: 1,
            },
          }),
          ...spec.containers?.[0],
        },
      ],
    },
  });
  let seen: Pod | undefined;
  return waitFor(
    async () => {
      seen = await lab.rest.get(Kinds.Pod, { namespace: "default", name });
      const running = seen.status?.phase === "Running" && seen.status.podIP !== undefined;
      return running && (readiness === false || isReady(seen)) ? seen : undefined;
    },
    { timeoutMs: 90_000, describe: () => `pod ${name} to run: ${JSON.stringify(seen?.status)}` },
  );
}

async function createDeployment(lab: RunningLab, options: DeploymentOptions): Promise<void> {
  const { name, labels, replicas, lifecycle = {} } = options;
  await lab.rest.create(Kinds.Deployment, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 20,
          containers: [
            {
              name: "net",
              image: "node",
              command: [process.execPath, NETPOD],
              env: [{ name: "NETWORK_LAB", value: lab.name }],
              readinessProbe: { httpGet: { path: "/readyz", port: 8081 }, periodSeconds: 1 },
              lifecycle,
            },
          ],
        },
      },
    },
  });
}

/** A pod's program on this host: it has the lab's name and the pod's in its environment. */
function pidOfPod(lab: RunningLab, pod: string): number {
  const found = processesOfPod(pod, NETPOD).findLast(({ pid }) =>
    readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`NETWORK_LAB=${lab.name}`),
  );
  if (found === undefined) throw new Error(`no process of pod ${pod}`);
  return found.pid;
}

async function routeOutside(pid: number): Promise<void> {
  for (const range of OUTSIDE_RANGES) {
    await runIn(pid, ["ip", "route", "add", range, "via", "172.31.0.11"]);
  }
}

async function runIn(pid: number, command: readonly string[]): Promise<void> {
  const into = ["-t", String(pid), "-U", "--preserve-credentials", "-n", "-m"];
  await promisify(execFile)("nsenter", [...into, ...command]);
}
