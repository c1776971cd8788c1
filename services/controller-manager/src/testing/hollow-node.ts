import { Kinds, namespacedName, type Node, type Pod } from "@kubehop/api";
import {
  type Bus,
  createInformer,
  createWorkQueue,
  renewLease,
  type RestClient,
  runController,
} from "@kubehop/client";
import { timestamp } from "../conditions.ts";

/** A node whose pods exist in the API only: the kubelet's part without containers. */
export interface HollowNode extends AsyncDisposable {
  readonly name: string;
  /** Decides which pods become ready; all when not set. */
  ready: (pod: Pod) => boolean;
  /** Decides how a pod has ended; none has when not set. */
  outcome: (pod: Pod) => "Succeeded" | "Failed" | undefined;
  /** Looks at all pods again, after `ready` was changed. */
  refresh(): void;
  /** Stops renewing the lease and answering for pods, as a machine that lost its power. */
  silence(): void;
}

/** What a hollow node needs. */
export interface HollowNodeOptions {
  readonly name: string;
  readonly rest: RestClient;
  readonly bus: Bus;
  readonly labels?: Record<string, string>;
  readonly leaseSeconds?: number;
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
let addresses = 0;

/** Registers a ready node and makes every pod bound to it run, until it is disposed. */
export async function startHollowNode(options: HollowNodeOptions): Promise<HollowNode> {
  const { name, rest, bus } = options;
  await register(options);
  const stop = new AbortController();
  const pods = createInformer({ bus, kind: Kinds.Pod, logger: SILENT });
  const queue = createWorkQueue({ maxDelayMs: 100 });
  const ips = new Map<string, string>();
  pods.onChange(({ key, current }) => {
    if (current?.spec.nodeName === name) queue.add(key);
  });
  const claim = {
    ref: { namespace: "kube-node-lease", name },
    holderIdentity: name,
    durationSeconds: 40,
  };
  const renew = (): void => {
    renewLease(rest, claim, Date.now()).catch(() => {});
  };
  renew();
  const timer = setInterval(renew, options.leaseSeconds === undefined ? 1_000 : 100);
  const node: HollowNode = {
    name,
    ready: () => true,
    outcome: () => undefined,
    refresh() {
      for (const pod of pods.store.list()) {
        if (pod.spec.nodeName === name) queue.add(namespacedName(pod));
      }
    },
    silence() {
      clearInterval(timer);
      stop.abort();
    },
    async [Symbol.asyncDispose]() {
      node.silence();
      await running;
      await pods[Symbol.asyncDispose]();
    },
  };
  const reconcile = async (key: string): Promise<void> => {
    const pod = pods.store.get(key);
    if (pod === undefined || pod.spec.nodeName !== name) return;
    const ip = ips.get(pod.metadata.uid ?? "") ?? nextAddress();
    ips.set(pod.metadata.uid ?? "", ip);
    const ended = pod.metadata.deletionTimestamp === undefined ? node.outcome(pod) : undefined;
    if (ended !== undefined) await end(rest, pod, ended);
    else await run(rest, pod, { ip, isReady: node.ready(pod) });
  };
  const { signal } = stop;
  const running = runController({ name, queue, reconcile, workers: 4, logger: SILENT, signal });
  pods.start();
  return node;
}

function nextAddress(): string {
  addresses += 1;
  return `10.244.${addresses >> 8}.${addresses & 255}`;
}

async function register({ name, rest, labels }: HollowNodeOptions): Promise<void> {
  const now = timestamp(Date.now());
  const ready = { type: "Ready", status: "True", reason: "KubeletReady", message: "" } as const;
  const node: Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec: {},
  };
  await rest.create(Kinds.Node, node);
  const conditions = [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }];
  const patch = { type: "merge", body: { status: { conditions } } } as const;
  await rest.patch(Kinds.Node, { name }, patch, { subresource: "status" });
}

interface PodState {
  readonly ip: string;
  readonly isReady: boolean;
}

async function run(rest: RestClient, pod: Pod, { ip, isReady }: PodState): Promise<void> {
  if (pod.metadata.deletionTimestamp !== undefined) {
    await rest.delete(Kinds.Pod, pod.metadata, { gracePeriodSeconds: 0 });
    return;
  }
  const status = isReady ? "True" : "False";
  const before = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  if (before?.status === status && pod.status?.podIP === ip) return;
  const lastTransitionTime = timestamp(Date.now());
  const conditions = [{ type: "Ready", status, lastTransitionTime } as const];
  const next = { phase: "Running" as const, podIP: ip, podIPs: [{ ip }], conditions };
  await rest.update(Kinds.Pod, { ...pod, status: next }, { subresource: "status" });
}

async function end(rest: RestClient, pod: Pod, phase: "Succeeded" | "Failed"): Promise<void> {
  if (pod.status?.phase === phase) return;
  const status = { ...pod.status, phase, conditions: [] };
  await rest.update(Kinds.Pod, { ...pod, status }, { subresource: "status" });
}
