import { waitFor } from "@kubehop/testkit";
import {
  answers,
  type CaseContext,
  clusterIpOf,
  type NetworkCase,
  nodePortOf,
  patiently,
  type Protocol,
  reachable,
  servedBy,
  stuckTo,
  unanswered,
} from "../support/case.ts";
import { ECHOES } from "../support/network-cluster.ts";
import type { Prober, Target } from "../support/prober.ts";
import { freshOutsideIp } from "../support/situations.ts";

/** Who asks: upstream's granular checks are pod-Service, node-Service and endpoint-Service. */
const SOURCES: Readonly<Record<string, (test: CaseContext) => Prober>> = {
  "a pod": ({ clients }) => clients[0],
  "a node": ({ nodes }) => nodes[1],
  "an endpoint": ({ endpoints }) => endpoints[2],
};

/** A Service on every kind of address; `target` is where the source reaches it. */
const ADDRESSES: Readonly<Record<string, (made: Everywhere) => Target>> = {
  "the cluster IP": ({ clusterIp }) => clusterIp,
  "a NodePort of node-1": ({ test, port }) => ({ host: test.nodeIps[0], port }),
  "a NodePort of node-3": ({ test, port }) => ({ host: test.nodeIps[2], port }),
  "an external IP": ({ externalIp, clusterIp }) => ({ ...clusterIp, host: externalIp }),
  "the load balancer's IP": ({ balancerIp, clusterIp }) => ({ ...clusterIp, host: balancerIp }),
};

interface Everywhere {
  readonly test: CaseContext;
  readonly clusterIp: Target;
  readonly port: number;
  readonly externalIp: string;
  readonly balancerIp: string;
}

async function everywhere(test: CaseContext, protocol: Protocol): Promise<Everywhere> {
  const [externalIp, balancerIp] = [freshOutsideIp("192.0.2"), freshOutsideIp("203.0.113")];
  const port = {
    name: protocol,
    port: 80,
    protocol: protocol === "udp" ? ("UDP" as const) : ("TCP" as const),
    targetPort: protocol === "http" ? 8081 : 8080,
  };
  const service = await test.service({
    ports: [port],
    balancerIp,
    spec: { externalIPs: [externalIp] },
  });
  const { port: nodePort } = nodePortOf(service, "");
  return { test, clusterIp: clusterIpOf(service), port: nodePort, externalIp, balancerIp };
}

const reachability = Object.entries(SOURCES).flatMap(([source, proberOf]) =>
  (["http", "udp"] as const).flatMap((protocol) =>
    Object.entries(ADDRESSES).map(([address, targetOf]): NetworkCase => ({
      title: `should function for ${source} through ${address}: ${protocol}`,
      async run(test) {
        const made = await everywhere(test, protocol);
        await servedBy(proberOf(test), targetOf(made), ECHOES, protocol);
      },
    })),
  ),
);

const fromOutside = (["tcp", "udp"] as const).flatMap((protocol): NetworkCase[] => [
  {
    title: `should function for a client outside through every node's NodePort: ${protocol}`,
    async run(test) {
      const { port } = await everywhere(test, protocol);
      for (const host of test.nodeIps) {
        await servedBy(test.outside, { host, port }, ECHOES, protocol);
      }
    },
  },
  {
    title: `should function for a client outside through an external IP: ${protocol}`,
    async run(test) {
      const { externalIp } = await everywhere(test, protocol);
      await servedBy(test.outside, { host: externalIp, port: 80 }, ECHOES, protocol);
    },
  },
  {
    title: `should function for a client outside through the load balancer's IP: ${protocol}`,
    async run(test) {
      const { balancerIp } = await everywhere(test, protocol);
      await servedBy(test.outside, { host: balancerIp, port: 80 }, ECHOES, protocol);
    },
  },
]);

const pods = (["tcp", "udp"] as const).flatMap((protocol): NetworkCase[] => [
  {
    title: `should function for intra-pod communication: ${protocol}`,
    async run(test) {
      const pod = await test.pod({ labels: {}, node: "node-2" });
      const target = { host: pod.status?.podIP ?? "", port: 8080 };
      for (const client of test.clients) await answers(client, target, pod.metadata.name, protocol);
    },
  },
  {
    title: `should function for node-pod communication: ${protocol}`,
    async run(test) {
      const pod = await test.pod({ labels: {}, node: "node-2" });
      const target = { host: pod.status?.podIP ?? "", port: 8080 };
      for (const node of test.nodes) await answers(node, target, pod.metadata.name, protocol);
    },
  },
]);

const updates = (["tcp", "udp"] as const).flatMap((protocol): NetworkCase[] => {
  const kind = protocol === "udp" ? ("UDP" as const) : ("TCP" as const);
  const ports = [{ name: protocol, port: 80, protocol: kind, targetPort: 8080 }];
  return [
    {
      title: `should update endpoints: ${protocol}`,
      async run(test) {
        const labels = { app: test.id };
        const [one, two] = await Promise.all(
          ["node-1", "node-2"].map((node) => test.pod({ labels, node })),
        );
        const service = await test.service({ ports, selector: labels });
        const names = [one, two].map((pod) => pod?.metadata.name ?? "");
        await servedBy(test.clients[0], clusterIpOf(service), names, protocol);
        await test.removePod(names[0] ?? "", 0);
        await servedBy(test.clients[0], clusterIpOf(service), names.slice(1), protocol);
      },
    },
    {
      title: `should update nodePort: ${protocol}`,
      async run(test) {
        const service = await test.service({ ports, spec: { type: "NodePort" } });
        const target = nodePortOf(service, test.nodeIps[1]);
        await servedBy(test.clients[0], target, ECHOES, protocol);
        await test.removeService(service);
        await answers(test.clients[0], target, "REFUSED", protocol);
      },
    },
    {
      title: `should function for client IP based session affinity: ${protocol}`,
      async run(test) {
        const service = await test.service({ ports, spec: { sessionAffinity: "ClientIP" } });
        for (const client of test.clients) await reachable(client, clusterIpOf(service), protocol);
        for (const client of test.clients) {
          const pod = await stuckTo(client, patiently(clusterIpOf(service)), 10, protocol);
          if (pod === undefined) throw new Error(`${client.name} was sent to several pods`);
        }
      },
    },
    {
      title: `should be able to handle large requests: ${protocol}`,
      async run(test) {
        const large = "x".repeat(2_000);
        const service = await test.service({
          ports: ports.map((port) => ({ ...port, targetPort: protocol === "udp" ? 8080 : 8082 })),
        });
        const target = clusterIpOf(service);
        const [client] = test.clients;
        const send = (): Promise<string> =>
          protocol === "udp"
            ? client.udp({ ...target, send: `echo ${large}` })
            : client.bulk({ ...target, bytes: large.length });
        const wanted = protocol === "udp" ? large : "EQUAL";
        await waitFor(async () => (await send()) === wanted, { timeoutMs: 60_000 });
      },
    },
  ];
});

/** The granular checks: every way to a Service, over each protocol. */
export const granularCases: readonly NetworkCase[] = [
  ...reachability,
  ...fromOutside,
  ...pods,
  ...updates,
  {
    title: "should carry a megabyte each way unharmed",
    async run(test) {
      const service = await test.service({
        ports: [{ name: "echo", port: 80, protocol: "TCP", targetPort: 8082 }],
      });
      const target = clusterIpOf(service);
      const send = (): Promise<string> => test.clients[1].bulk({ ...target, bytes: 1_000_000 });
      await waitFor(async () => (await send()) === "EQUAL", { timeoutMs: 60_000 });
    },
  },
  {
    title: "should function for multiple endpoint-Services with same selector",
    async run(test) {
      const [one, two] = await Promise.all([test.service(), test.service()]);
      for (const service of [one, two]) await servedBy(test.endpoints[0], clusterIpOf(service));
      await test.removeService(one);
      await unanswered(test.endpoints[0], clusterIpOf(one));
      await servedBy(test.endpoints[0], clusterIpOf(two));
    },
  },
  {
    title: "should function for service endpoints using hostNetwork",
    async run(test) {
      const labels = { app: test.id };
      const targetPort = 28_080 + test.serial * 10;
      await Promise.all(
        ["node-1", "node-2"].map((node, index) =>
          test.pod({
            labels,
            node,
            env: {
              BASE_PORT: String(targetPort),
              HOSTNAME: `${test.id}-${index}`,
              // Answers must come from the address that was asked, and a node has several.
              UDP_ADDRESS: `::ffff:${test.nodeIps[index] ?? ""}`,
            },
            spec: { hostNetwork: true, containers: [] },
          }),
        ),
      );
      for (const protocol of ["TCP", "UDP"] as const) {
        const ports = [{ name: "net", port: 80, protocol, targetPort }];
        const service = await test.service({ ports, selector: labels });
        const names = [`${test.id}-0`, `${test.id}-1`];
        const kind = protocol === "UDP" ? "udp" : "tcp";
        for (const client of test.clients) {
          await servedBy(client, clusterIpOf(service), names, kind);
        }
      }
    },
  },
];
