import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import {
  type CaseContext,
  clusterIpOf,
  type NetworkCase,
  reachable,
  servedBy,
} from "../support/case.ts";
import type { LoadResult } from "../support/prober.ts";

/** Processes that stop. */
const restarts: readonly NetworkCase[] = [
  {
    title: "should work after restarting kube-proxy",
    async run(test) {
      const service = await test.service();
      await servedBy(test.clients[0], clusterIpOf(service));
      const pidOf = async () => (await processOf(test, "kube-proxy/node-1"))?.pid;
      const before = await pidOf();
      await test.lab.signal("kube-proxy/node-1", "SIGKILL");
      await waitFor(async () => ![undefined, before].includes(await pidOf()), {
        timeoutMs: 60_000,
      });
      await servedBy(test.clients[0], clusterIpOf(service));
      await servedBy(test.clients[0], clusterIpOf(await test.service()));
    },
  },
  {
    title: "should keep forwarding while no kube-proxy runs",
    async run(test) {
      const service = await test.service();
      await servedBy(test.clients[0], clusterIpOf(service));
      await test.lab.signal("kube-proxy/node-1", "SIGSTOP");
      try {
        await servedBy(test.clients[0], clusterIpOf(service));
      } finally {
        await test.lab.signal("kube-proxy/node-1", "SIGCONT");
      }
    },
  },
  {
    title: "should work after restarting apiserver",
    async run(test) {
      const service = await test.service();
      await servedBy(test.clients[0], clusterIpOf(service));
      await test.lab.signal("apiserver", "SIGKILL");
      await servedBy(test.clients[0], clusterIpOf(service));
      const another = await waitFor(() => test.service(), { timeoutMs: 60_000 });
      await servedBy(test.clients[0], clusterIpOf(another));
    },
  },
  {
    title: "should go on by the last table while the registry is away, and follow it again",
    async run(test) {
      const service = await test.service();
      await servedBy(test.clients[0], clusterIpOf(service));
      await test.lab.signal("nats-server", "SIGSTOP");
      try {
        for (let n = 0; n < 10; n++) await servedBy(test.clients[0], clusterIpOf(service));
      } finally {
        await test.lab.signal("nats-server", "SIGCONT");
      }
      const another = await waitFor(() => test.service(), { timeoutMs: 60_000 });
      await servedBy(test.clients[0], clusterIpOf(another));
    },
  },
];

async function processOf({ lab }: CaseContext, name: string) {
  return (await lab.status()).processes.find((one) => one.name === name);
}

const RATE = 2_000;
/** A machine that cannot do the rate does what it can: so many connections wait at most. */
const MAX_OPEN = 256;
const PRE_STOP = { preStop: { sleep: { seconds: 5 } } };

/** A Deployment of six pods is replaced under 2,000 new connections a second. */
const rollouts: readonly NetworkCase[] = [
  {
    title: "should not fail one of 2,000 connections a second while six pods are replaced",
    async run(test) {
      const { outcomes } = await replaceUnderLoad(test, PRE_STOP, 20_000);
      const { ok = 0, ...failed } = outcomes;
      if (ok === 0 || Object.keys(failed).length > 0) throw new Error(JSON.stringify(outcomes));
    },
  },
  {
    title: "should measure what is lost without a preStop sleep",
    async run(test) {
      const { outcomes } = await replaceUnderLoad(test, {}, 5_000);
      const { ok = 0, ...failed } = outcomes;
      const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
      if (lost > ok / 10)
        throw new Error(`${lost} of ${ok + lost} lost: ${JSON.stringify(failed)}`);
    },
  },
];

async function replaceUnderLoad(
  test: CaseContext,
  lifecycle: object,
  timeoutMs: number,
): Promise<LoadResult> {
  const labels = { app: test.id };
  const ref = { namespace: "default", name: test.id };
  await test.createDeployment({ name: test.id, labels, replicas: 6, lifecycle });
  test.own(() => test.lab.rest.delete(Kinds.Deployment, ref));
  const service = await test.service({ selector: labels });
  const rolledOut = () =>
    waitFor(
      async () => {
        const { status, metadata } = await test.lab.rest.get(Kinds.Deployment, ref);
        return (
          status?.observedGeneration === metadata.generation &&
          status?.updatedReplicas === 6 &&
          status.availableReplicas === 6 &&
          status.replicas === 6
        );
      },
      { timeoutMs: 90_000, describe: "the Deployment to be rolled out" },
    );
  await rolledOut();
  // The kernel remembers a client's try before the rules are there: let the node do it.
  await reachable(test.nodes[0], clusterIpOf(service));
  const running = test.clients[0].load({
    ...clusterIpOf(service),
    rate: RATE,
    maxOpen: MAX_OPEN,
    timeoutMs,
  });
  const annotations = { "network-test.example/round": "2" };
  await test.lab.rest.patch(Kinds.Deployment, ref, {
    type: "merge",
    body: { spec: { template: { metadata: { annotations } } } },
  });
  await rolledOut();
  await oldPodsGone(test, labels);
  await test.clients[0].endLoad();
  const result = await running;
  const sleep = "preStop" in lifecycle ? "with" : "without";
  process.stdout.write(
    `${test.mode}: six pods replaced under ${RATE}/s ${sleep} preStop sleep: ${JSON.stringify(result)}\n`,
  );
  return result;
}

/** A pod that ends is the moment at which connections are lost. */
async function oldPodsGone({ lab }: CaseContext, labels: Record<string, string>): Promise<void> {
  const labelSelector = `app=${labels["app"]}`;
  await waitFor(
    async () => {
      const { items } = await lab.rest.list(Kinds.Pod, { namespace: "default", labelSelector });
      return items.length === 6;
    },
    { timeoutMs: 90_000, describe: "the old pods to be gone" },
  );
}

/** Cases that need the lab for themselves. */
export const disruptionCases: readonly NetworkCase[] = [...restarts, ...rollouts];
