import {
  answers,
  type CaseContext,
  clusterIpOf,
  type NetworkCase,
  nodePortOf,
  reachable,
  servedBy,
  unanswered,
} from "../support/case.ts";
import type { Prober } from "../support/prober.ts";
import { LOCAL, type Made, stayingPod } from "../support/situations.ts";

/** KEP-1669: with no ready endpoint left, those that terminate but serve are used. */
const terminating: readonly NetworkCase[] = [
  fallback("internalTrafficPolicy=Cluster", {}, async (test, { service, pod }) => {
    await servedBy(test.clients[2], clusterIpOf(service), [pod]);
  }),
  fallback("internalTrafficPolicy=Local", { internalTrafficPolicy: LOCAL }, async (test, made) => {
    await servedBy(test.clients[0], clusterIpOf(made.service), [made.pod]);
    await unanswered(test.clients[1], clusterIpOf(made.service));
  }),
  fallback("externalTrafficPolicy=Cluster", { type: "NodePort" }, async (test, made) => {
    await servedBy(test.outside, nodePortOf(made.service, test.nodeIps[1]), [made.pod]);
  }),
  fallback(
    "externalTrafficPolicy=Local",
    { type: "NodePort", externalTrafficPolicy: LOCAL },
    async (test, made) => {
      await servedBy(test.outside, nodePortOf(made.service, test.nodeIps[0]), [made.pod]);
      await unanswered(test.outside, nodePortOf(made.service, test.nodeIps[1]));
    },
  ),
  {
    title: "should prefer ready endpoints to terminating ones",
    async run(test) {
      const labels = { app: test.id };
      const going = await stayingPod(test, { labels, node: "node-1" });
      const service = await test.service({ selector: labels });
      await reachable(test.clients[0], clusterIpOf(service));
      await test.removePod(going.metadata.name);
      const staying = await test.pod({ labels, node: "node-2" });
      await servedBy(test.clients[0], clusterIpOf(service), [staying.metadata.name]);
    },
  },
  {
    title: "should be able to connect from a Pod to a terminating Pod",
    async run(test) {
      const going = await stayingPod(test);
      await test.removePod(going.metadata.name);
      const target = { host: going.status?.podIP ?? "", port: 8080 };
      await answers(test.clients[1], target, going.metadata.name);
    },
  },
  {
    title: "should be able to connect to other Pod from a terminating Pod",
    async run(test) {
      const going = await stayingPod(test);
      await using prober = test.proberIn(going.metadata.name);
      const service = await test.service();
      await test.removePod(going.metadata.name);
      await servedBy(prober, clusterIpOf(service));
    },
  },
];

function fallback(
  policy: string,
  spec: object,
  check: (test: CaseContext, made: Made) => Promise<void>,
): NetworkCase {
  return {
    title: `should fallback to terminating endpoints when there are no ready endpoints with ${policy}`,
    async run(test) {
      const labels = { app: test.id };
      const pod = await stayingPod(test, { labels, node: "node-1" });
      const service = await test.service({ selector: labels, spec });
      await reachable(test.clients[0], clusterIpOf(service));
      await test.removePod(pod.metadata.name);
      await check(test, { labels, service, pod: pod.metadata.name });
    },
  };
}

const unready: readonly NetworkCase[] = [
  {
    title: "should create endpoints for unready pods",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({
        selector: labels,
        spec: { publishNotReadyAddresses: true },
      });
      const pod = await test.pod({ labels, readiness: false });
      await servedBy(test.clients[0], clusterIpOf(service), [pod.metadata.name]);
      await test.update(service, { publishNotReadyAddresses: false });
      await answers(test.clients[0], clusterIpOf(service), "REFUSED");
      await setReady(test.clients[0], pod.status?.podIP ?? "", true);
      await servedBy(test.clients[0], clusterIpOf(service), [pod.metadata.name]);
    },
  },
  {
    title:
      "should be able to connect to terminating and unready endpoints if PublishNotReadyAddresses is true",
    async run(test) {
      const labels = { app: test.id };
      const spec = { publishNotReadyAddresses: true };
      const service = await test.service({ selector: labels, spec });
      const pod = await stayingPod(test, { labels, readiness: false });
      await test.removePod(pod.metadata.name);
      await servedBy(test.clients[0], clusterIpOf(service), [pod.metadata.name]);
    },
  },
  {
    title:
      "should not be able to connect to terminating and unready endpoints if PublishNotReadyAddresses is false",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({ selector: labels });
      const pod = await stayingPod(test, { labels, readiness: false });
      await test.removePod(pod.metadata.name);
      await answers(test.clients[0], clusterIpOf(service), "REFUSED");
    },
  },
  {
    title: "should take an endpoint out while its readiness probe fails",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({ selector: labels });
      const pods = await Promise.all([1, 2].map(() => test.pod({ labels, readiness: true })));
      const [one, two] = pods.map(({ metadata }) => metadata.name) as [string, string];
      await servedBy(test.clients[0], clusterIpOf(service), [one, two]);
      await setReady(test.clients[0], pods[0]?.status?.podIP ?? "", false);
      await servedBy(test.clients[0], clusterIpOf(service), [two]);
      await setReady(test.clients[0], pods[0]?.status?.podIP ?? "", true);
      await servedBy(test.clients[0], clusterIpOf(service), [one, two]);
    },
  },
];

async function setReady(prober: Prober, host: string, value: boolean): Promise<void> {
  await prober.http(`http://${host}:8081/ready?value=${value}`, { method: "POST", body: "-" });
}

/** Endpoints that terminate, and those that are not ready. */
export const readinessCases: readonly NetworkCase[] = [...terminating, ...unready];
