import { Kinds, ZONE_LABEL } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { chiSquare } from "../../support/statistics.ts";
import {
  answers,
  type CaseContext,
  clusterIpOf,
  type NetworkCase,
  nodePortOf,
  reachable,
  servedBy,
  type SliceOptions,
  unanswered,
} from "../support/case.ts";
import { ECHOES } from "../support/network-cluster.ts";
import type { Prober, Target } from "../support/prober.ts";

const UDP = [{ name: "udp", port: 80, protocol: "UDP" as const, targetPort: 8080 }];

/** The addresses of echo-1 to echo-3. */
export async function echoIps({ lab }: CaseContext): Promise<string[]> {
  const get = (name: string) => lab.rest.get(Kinds.Pod, { namespace: "default", name });
  return (await Promise.all(ECHOES.map(get))).map(({ status }) => status?.podIP ?? "");
}

const slices: readonly NetworkCase[] = [
  {
    title: "should support a Service with multiple ports specified in multiple EndpointSlices",
    async run(test) {
      const ports = [
        { name: "one", port: 80, protocol: "TCP" as const },
        { name: "two", port: 81, protocol: "TCP" as const },
      ];
      const service = await test.service({ ports, selector: null });
      const [ip = ""] = await echoIps(test);
      for (const { name } of ports) {
        await test.slice({
          service: service.metadata.name,
          ports: [{ name, port: 8080, protocol: "TCP" }],
          endpoints: [{ addresses: [ip] }],
        });
      }
      for (const { port } of ports) {
        await servedBy(test.clients[1], clusterIpOf(service, port), ["echo-1"]);
      }
    },
  },
  {
    title:
      "should support a Service with multiple endpoint IPs specified in multiple EndpointSlices",
    async run(test) {
      const service = await test.service({ selector: null });
      for (const ip of await echoIps(test)) {
        await test.slice({ service: service.metadata.name, endpoints: [{ addresses: [ip] }] });
      }
      await servedBy(test.clients[1], clusterIpOf(service));
    },
  },
  {
    title: "should ignore endpoints of another address type",
    async run(test) {
      const service = await test.service({ selector: null });
      const [ip = ""] = await echoIps(test);
      await test.slice({ service: service.metadata.name, endpoints: [{ addresses: [ip] }] });
      await servedBy(test.clients[1], clusterIpOf(service), ["echo-1"]);
      const fqdn = await test.lab.rest.create(Kinds.EndpointSlice, {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          name: `${test.id}-fqdn`,
          namespace: "default",
          labels: { "kubernetes.io/service-name": service.metadata.name },
        },
        addressType: "FQDN",
        ports: [{ name: "tcp", port: 8080, protocol: "TCP" }],
        endpoints: [{ addresses: ["example.com"] }],
      });
      const ref = { namespace: "default", name: fqdn.metadata.name };
      test.own(() => test.lab.rest.delete(Kinds.EndpointSlice, ref));
      await servedBy(test.clients[1], clusterIpOf(service), ["echo-1"]);
    },
  },
];

/** Hints as the EndpointSlice controller would write them, for each place an echo is in. */
const hinted = (
  service: string,
  ips: readonly string[],
  hints: (index: number) => object | undefined,
): SliceOptions => ({
  service,
  endpoints: ips.map((ip, index) => {
    const hint = hints(index);
    return {
      addresses: [ip],
      nodeName: `node-${index + 1}`,
      ...(hint !== undefined && { hints: hint }),
    };
  }),
});

const hints: readonly NetworkCase[] = [
  {
    title: "should route traffic to an endpoint on the same node when hints name nodes",
    async run(test) {
      const service = await test.service({ selector: null });
      const forNode = (index: number) => ({ forNodes: [{ name: `node-${index + 1}` }] });
      await test.slice(hinted(service.metadata.name, await echoIps(test), forNode));
      for (const [index, client] of test.clients.entries()) {
        await servedBy(client, clusterIpOf(service), [`echo-${index + 1}`]);
      }
    },
  },
  {
    title: "should fall back when the hinted endpoint becomes unavailable",
    async run(test) {
      const service = await test.service({ selector: null });
      const ips = await echoIps(test);
      const two = (index: number) => ({ forNodes: [{ name: `node-${index + 1}` }] });
      const options = hinted(service.metadata.name, ips, two);
      const slice = await test.slice(options);
      await servedBy(test.clients[0], clusterIpOf(service), ["echo-1"]);
      const ref = { namespace: "default", name: slice.metadata.name };
      const body = { endpoints: options.endpoints?.slice(1) };
      await test.lab.rest.patch(Kinds.EndpointSlice, ref, { type: "merge", body });
      await servedBy(test.clients[0], clusterIpOf(service), ["echo-2", "echo-3"]);
    },
  },
  {
    title: "should ignore hints that not every endpoint has",
    async run(test) {
      const service = await test.service({ selector: null });
      const some = (index: number) =>
        index < 2 ? { forNodes: [{ name: `node-${index + 1}` }] } : undefined;
      await test.slice(hinted(service.metadata.name, await echoIps(test), some));
      await servedBy(test.clients[0], clusterIpOf(service));
    },
  },
  {
    title: "should respect internalTrafficPolicy=Local before hints",
    async run(test) {
      const service = await test.service({
        selector: null,
        spec: { internalTrafficPolicy: "Local" },
      });
      const elsewhere = () => ({ forNodes: [{ name: "node-2" }] });
      await test.slice(hinted(service.metadata.name, await echoIps(test), elsewhere));
      await servedBy(test.clients[0], clusterIpOf(service), ["echo-1"]);
    },
  },
];

const zones: readonly NetworkCase[] = [
  {
    title: "should route traffic to the same zone: by hints, and by topology mode Auto",
    async run(test) {
      const zones = ["a", "a", "b"];
      const label = (name: string, zone: string | null) =>
        test.lab.rest.patch(
          Kinds.Node,
          { name },
          { type: "merge", body: { metadata: { labels: { [ZONE_LABEL]: zone } } } },
        );
      await Promise.all(zones.map((zone, index) => label(`node-${index + 1}`, zone)));
      test.own(() => Promise.all(zones.map((_, index) => label(`node-${index + 1}`, null))));
      const byHand = await test.service({ selector: null });
      const forZone = (index: number) => ({ forZones: [{ name: zones[index] }] });
      await test.slice(hinted(byHand.metadata.name, await echoIps(test), forZone));
      const auto = await test.service();
      const annotations = { "service.kubernetes.io/topology-mode": "Auto" };
      const ref = { namespace: "default", name: auto.metadata.name };
      const body = { metadata: { annotations } };
      await test.lab.rest.patch(Kinds.Service, ref, { type: "merge", body });
      for (const service of [byHand, auto]) {
        await servedBy(test.clients[0], clusterIpOf(service), ["echo-1", "echo-2"]);
        await servedBy(test.clients[1], clusterIpOf(service), ["echo-1", "echo-2"]);
        await servedBy(test.clients[2], clusterIpOf(service), ["echo-3"]);
      }
    },
  },
];

const weights: readonly NetworkCase[] = [
  weighted("should share new connections by weight: 1, 2, 5", [1, 2, 5]),
  weighted("should give no connection to weight 0", [0, 1, 3]),
  weighted("should share UDP flows by weight", [3, 1, 2], "udp"),
];

function weighted(
  title: string,
  shares: readonly number[],
  protocol: "tcp" | "udp" = "tcp",
): NetworkCase {
  return {
    title,
    async run(test) {
      const ports = protocol === "udp" ? { ports: UDP } : {};
      const service = await test.service({ ...ports, selector: null });
      const ips = await echoIps(test);
      await test.slice({
        service: service.metadata.name,
        ...(protocol === "udp" && { ports: [{ name: "udp", port: 8080, protocol: "UDP" }] }),
        ...weightedEndpoints(ips, shares),
      });
      const target = clusterIpOf(service);
      await reachable(test.clients[0], target, protocol);
      const counts: Record<string, number> = {};
      if (protocol === "tcp") {
        const { host, port } = target;
        const options = { host, ports: [port], count: 2_000, concurrency: 8 };
        Object.assign(counts, await test.clients[0].spread(options));
      } else {
        for (let n = 0; n < 1_200; n++) {
          const answer = await test.clients[0].udp({
            ...target,
            send: "hostname",
            timeoutMs: 10_000,
          });
          const [name = ""] = answer.split(" ");
          counts[name] = (counts[name] ?? 0) + 1;
        }
      }
      checkShares(counts, shares);
    },
  };
}

/** A slice's endpoints and the annotation with their weights. */
export function weightedEndpoints(
  ips: readonly string[],
  shares: readonly number[],
): Pick<SliceOptions, "annotations" | "endpoints"> {
  const weights = Object.fromEntries(ips.map((ip, index) => [ip, shares[index] ?? 0]));
  return {
    annotations: { "kubehop.dev/weights": JSON.stringify(weights) },
    endpoints: ips.map((ip) => ({ addresses: [ip] })),
  };
}

/** χ² at one in a million, as it is drawn anew in each run; at weight 0 not one connection. */
export function checkShares(
  counts: Readonly<Record<string, number>>,
  shares: readonly number[],
): void {
  const observed = ECHOES.map((name) => counts[name] ?? 0);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const text = JSON.stringify(counts);
  if (observed.reduce((sum, count) => sum + count, 0) !== total) throw new Error(text);
  const wrong = shares.some((share, index) => share === 0 && observed[index] !== 0);
  const positive = shares.flatMap((share, index) => (share > 0 ? [index] : []));
  const chi = chiSquare(
    positive.map((index) => observed[index] ?? 0),
    positive.map((index) => shares[index] ?? 0),
  );
  const limit = positive.length === 3 ? 27.63 : 23.93;
  if (wrong || chi > limit) throw new Error(`χ² ${chi.toFixed(1)} for ${text}`);
}

/** A source port that no other case uses: with it again and again, it is one flow to the kernel. */
function sourcePort({ serial }: CaseContext): number {
  return 12_345 + serial;
}

/** Waits until a flow, told by the target's local port, reaches a pod. */
async function flowReaches(prober: Prober, target: Target, name: string): Promise<void> {
  let seen = "";
  await waitFor(
    async () => {
      const answer = await prober.udp({ ...target, send: "hostname", timeoutMs: 200 });
      [seen = ""] = answer.split(" ");
      return seen === name;
    },
    { timeoutMs: 60_000, describe: () => `the flow to reach ${name}; last: ${seen}` },
  );
}

interface Cycle {
  readonly what: string;
  readonly spec: object;
  readonly clientOf: (test: CaseContext) => Prober;
  readonly targetOf: (
    test: CaseContext,
    service: Awaited<ReturnType<CaseContext["service"]>>,
  ) => Target;
}

const CYCLES: readonly Cycle[] = [
  {
    what: "a NodePort service",
    spec: { type: "NodePort" },
    clientOf: ({ clients }) => clients[0],
    targetOf: ({ nodeIps }, service) => nodePortOf(service, nodeIps[0]),
  },
  {
    what: "a ClusterIP service",
    spec: {},
    clientOf: ({ clients }) => clients[0],
    targetOf: (_, service) => clusterIpOf(service),
  },
  {
    what: "a ClusterIP service with InternalTrafficPolicy set to Local",
    spec: { internalTrafficPolicy: "Local" },
    clientOf: ({ clients }) => clients[0],
    targetOf: (_, service) => clusterIpOf(service),
  },
  {
    what: "a ClusterIP service and client is hostNetwork",
    spec: {},
    clientOf: ({ nodes }) => nodes[0],
    targetOf: (_, service) => clusterIpOf(service),
  },
];

const conntrack: readonly NetworkCase[] = [
  ...CYCLES.map(({ what, spec, clientOf, targetOf }): NetworkCase => ({
    title: `should be able to preserve UDP traffic when server pod cycles for ${what}`,
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({ ports: UDP, selector: labels, spec });
      const client = clientOf(test);
      const target = { ...targetOf(test, service), localPort: sourcePort(test) };
      for (let round = 0; round < 2; round++) {
        const pod = await test.pod({ labels, node: "node-1" });
        await flowReaches(client, target, pod.metadata.name);
        await test.removePod(pod.metadata.name, 0);
        await client.udp({ ...target, send: "hostname", timeoutMs: 100 });
      }
    },
  })),
  {
    title: "should be able to preserve UDP traffic when initial unready endpoints get ready",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({ ports: UDP, selector: labels });
      const pod = await test.pod({ labels, readiness: false });
      const target = { ...clusterIpOf(service), localPort: sourcePort(test), timeoutMs: 100 };
      for (let n = 0; n < 5; n++)
        await test.clients[0].udp({ ...target, send: "hostname", timeoutMs: 10_000 });
      const url = `http://${pod.status?.podIP}:8081/ready?value=true`;
      await waitFor(() => test.clients[0].http(url, { method: "POST", body: "-" }));
      await flowReaches(test.clients[0], target, pod.metadata.name);
    },
  },
  {
    title:
      "should be able to cleanup conntrack entries when UDP service target port changes for a NodePort service",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({
        ports: UDP,
        selector: labels,
        spec: { type: "NodePort" },
      });
      const pod = await test.pod({ labels });
      const target = { ...nodePortOf(service, test.nodeIps[0]), localPort: sourcePort(test) };
      await flowReaches(test.clients[0], target, pod.metadata.name);
      const [port] = service.spec.ports ?? [];
      await test.update(service, { ports: [{ ...port, targetPort: 8086 }] });
      await flowReaches(test.clients[0], target, `${pod.metadata.name}-other`);
    },
  },
  {
    title: "should be able to preserve UDP traffic through a scale to zero and back",
    async run(test) {
      const service = await test.service({ ports: UDP, selector: null });
      const target = { ...clusterIpOf(service), localPort: sourcePort(test) };
      const ips = await echoIps(test);
      const ports = [{ name: "udp", port: 8080, protocol: "UDP" as const }];
      const slice = await test.slice({
        service: service.metadata.name,
        ports,
        endpoints: [{ addresses: [ips[0] ?? ""] }],
      });
      await flowReaches(test.clients[0], target, "echo-1");
      const ref = { namespace: "default", name: slice.metadata.name };
      const set = (endpoints: object[]) =>
        test.lab.rest.patch(Kinds.EndpointSlice, ref, { type: "merge", body: { endpoints } });
      await set([]);
      await answers(test.clients[0], target, "REFUSED", "udp");
      await set([{ addresses: [ips[1] ?? ""] }]);
      await flowReaches(test.clients[0], target, "echo-2");
    },
  },
  {
    title: "should end UDP flows with their Service",
    async run(test) {
      const service = await test.service({ ports: UDP });
      const target = clusterIpOf(service);
      await reachable(test.clients[0], { ...target, localPort: sourcePort(test) }, "udp");
      await test.removeService(service);
      await unanswered(test.clients[0], { ...target, localPort: sourcePort(test) }, "udp");
    },
  },
];

/** EndpointSlices, hints, weights, and UDP flows whose endpoint goes. */
export const endpointCases: readonly NetworkCase[] = [
  ...conntrack,
  ...slices,
  ...hints,
  ...zones,
  ...weights,
];
