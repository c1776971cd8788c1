import { Kinds } from "@kubehop/api";
import type { EndpointSlice } from "@kubehop/api";
import type { WatchEvent } from "@kubehop/client";
import type { TestLab } from "../support/test-lab.ts";
import { waitFor } from "@kubehop/testkit";
import { nodeNames } from "../support/cluster.ts";
import { recordHops } from "../support/hops.ts";
import { percentile } from "./percentile.ts";
import type { BenchOptions, BenchRow } from "./row.ts";

const NAME = "bench-convergence";
const FLIPS = 200;
const LEAST_FLIPS = 100;

/**
 * Network programming latency: from the write that turns a pod ready or unready (what a kubelet
 * sends) until the kube-proxies of all nodes serve the changed EndpointSlice. Kubernetes' own
 * measure for it counts from the same write (sig-scalability, network_programming_latency.md).
 */
export async function run(lab: TestLab, { seconds }: BenchOptions): Promise<BenchRow[]> {
  const nodes = await nodeNames(lab);
  await createIdlePod(lab);
  await using hops = await recordHops(lab);
  const controller = new AbortController();
  const slices = lab.rest.watch(Kinds.EndpointSlice, {
    namespace: "default",
    labelSelector: `kubernetes.io/service-name=${NAME}`,
    signal: controller.signal,
  });
  const events = slices[Symbol.asyncIterator]();
  const samples: number[] = [];
  const end = performance.now() + seconds * 1_000;
  for (let flip = 0; flip < FLIPS && (flip < LEAST_FLIPS || performance.now() < end); flip += 1) {
    const ready = flip % 2 === 0;
    const started = performance.now();
    const [version] = await Promise.all([sliceWith(events, ready), setReady(lab, ready)]);
    await hops.proxiesSynced(nodes, version);
    samples.push(performance.now() - started);
  }
  controller.abort();
  await removeIdlePod(lab);
  const what = `readiness flip to ${nodes.length} proxies (${samples.length} flips)`;
  return [
    { name: `${what}, p50`, unit: "ms", value: percentile(samples, 50) },
    { name: `${what}, p99`, unit: "ms", value: percentile(samples, 99) },
  ];
}

/** A pod on a node without a kubelet: its status is ours alone to write. */
async function createIdlePod({ rest }: TestLab): Promise<void> {
  const metadata = { name: NAME, namespace: "default", labels: { app: NAME } };
  await rest.create(Kinds.Node, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: NAME },
    spec: { unschedulable: true },
  });
  await rest.create(Kinds.Service, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: "default" },
    spec: { selector: { app: NAME }, ports: [{ port: 80 }] },
  });
  await rest.create(Kinds.Pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: { nodeName: NAME, containers: [{ name: "none", image: "none" }] },
  });
  const address = "10.244.1.250";
  const body = { status: { phase: "Running", podIP: address, podIPs: [{ ip: address }] } };
  const ref = { namespace: "default", name: NAME };
  await rest.patch(Kinds.Pod, ref, { type: "merge", body }, { subresource: "status" });
  await waitFor(
    async () => {
      const labelSelector = `kubernetes.io/service-name=${NAME}`;
      const { items } = await rest.list(Kinds.EndpointSlice, {
        namespace: "default",
        labelSelector,
      });
      return items.some((slice) => (slice.endpoints ?? []).length === 1);
    },
    { describe: "the pod to be in the slice" },
  );
}

async function removeIdlePod({ rest }: TestLab): Promise<void> {
  const ref = { namespace: "default", name: NAME };
  await rest.delete(Kinds.Service, ref);
  await rest.delete(Kinds.Pod, ref, { gracePeriodSeconds: 0 });
  await rest.delete(Kinds.Node, { name: NAME });
}

async function setReady({ rest }: TestLab, ready: boolean): Promise<void> {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  const ref = { namespace: "default", name: NAME };
  const patch = { type: "strategic", body: { status: { conditions } } } as const;
  await rest.patch(Kinds.Pod, ref, patch, { subresource: "status" });
}

/** The version of the next slice whose endpoint is (un)ready. */
async function sliceWith(
  events: AsyncIterator<WatchEvent<EndpointSlice>>,
  ready: boolean,
): Promise<string> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error("the watch of EndpointSlices ended");
    const slice = value.object;
    const [endpoint] = slice.endpoints ?? [];
    if (endpoint?.conditions?.ready === ready) return slice.metadata.resourceVersion ?? "";
  }
}
