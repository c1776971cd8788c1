import { isAlreadyExists, Kinds, type Service } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
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
import { ECHOES } from "../support/network-cluster.ts";
import { freshOutsideIp } from "../support/situations.ts";

const tcp = (port: number, targetPort: number | string = 8080) => ({
  name: `tcp-${port}`,
  port,
  protocol: "TCP" as const,
  targetPort,
});
const udp = (port: number, targetPort: number | string = 8080) => ({
  name: `udp-${port}`,
  port,
  protocol: "UDP" as const,
  targetPort,
});

/** An error the API server answers with; throws when it accepts. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => {
      throw new Error("the API server has accepted it");
    },
    (error: Error) => error.message,
  );
}

function expectMatch(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`${text} does not match ${pattern}`);
}

const ports: readonly NetworkCase[] = [
  {
    title: "should serve a basic endpoint from pods",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({ selector: labels });
      const [client] = test.clients;
      await answers(client, clusterIpOf(service), "REFUSED");
      const one = await test.pod({ labels });
      await servedBy(client, clusterIpOf(service), [one.metadata.name]);
      const two = await test.pod({ labels });
      await servedBy(client, clusterIpOf(service), [one.metadata.name, two.metadata.name]);
      await test.removePod(one.metadata.name, 0);
      await servedBy(client, clusterIpOf(service), [two.metadata.name]);
      await test.removePod(two.metadata.name, 0);
      await answers(client, clusterIpOf(service), "REFUSED");
    },
  },
  {
    title: "should serve multiport endpoints from pods",
    async run(test) {
      const labels = { app: test.id };
      const ports = [tcp(80, "first"), tcp(81, "second")];
      const service = await test.service({ ports, selector: labels });
      const [one, two] = await Promise.all([
        test.pod({ labels, ports: { first: 8080 } }),
        test.pod({ labels, ports: { second: 8080 } }),
      ]);
      const [client] = test.clients;
      await servedBy(client, clusterIpOf(service, 80), [one.metadata.name]);
      await servedBy(client, clusterIpOf(service, 81), [two.metadata.name]);
      await test.removePod(one.metadata.name, 0);
      await answers(client, clusterIpOf(service, 80), "REFUSED");
      await servedBy(client, clusterIpOf(service, 81), [two.metadata.name]);
    },
  },
  {
    title: "should be updated after adding or deleting ports",
    async run(test) {
      const service = await test.service({ ports: [tcp(80)] });
      const [client] = test.clients;
      await reachable(client, clusterIpOf(service, 80));
      await test.update(service, { ports: [tcp(80), tcp(81)] });
      await reachable(client, clusterIpOf(service, 81));
      await test.update(service, { ports: [{ ...tcp(81), name: "renamed" }] });
      await unanswered(client, clusterIpOf(service, 80));
      await reachable(client, clusterIpOf(service, 81));
    },
  },
  {
    title: "should serve endpoints on same port and different protocols",
    async run(test) {
      const service = await test.service({ ports: [tcp(80), udp(80)] });
      const target = clusterIpOf(service, 80);
      const [client] = test.clients;
      await servedBy(client, target, ECHOES, "tcp");
      await servedBy(client, target, ECHOES, "udp");
      await test.update(service, { ports: [tcp(80)] });
      await unanswered(client, target, "udp");
      await servedBy(client, target, ECHOES, "tcp");
      await test.update(service, { ports: [udp(80)] });
      await unanswered(client, target, "tcp");
      await servedBy(client, target, ECHOES, "udp");
    },
  },
  {
    title:
      "should be able to update service type to NodePort listening on same port number but different protocols",
    async run(test) {
      const service = await test.service({ ports: [tcp(80)] });
      const updated = await test.update(service, {
        type: "NodePort",
        ports: [tcp(80), udp(80)],
      });
      const [client] = test.clients;
      await servedBy(client, nodePortOf(updated, test.nodeIps[2], 0), ECHOES, "tcp");
      await servedBy(client, nodePortOf(updated, test.nodeIps[2], 1), ECHOES, "udp");
    },
  },
  {
    title:
      "should support named targetPorts that resolve to different ports on different endpoints",
    async run(test) {
      const labels = { app: test.id };
      const service = await test.service({ ports: [tcp(80, "web")], selector: labels });
      const pods = await Promise.all(
        [8080, 9080].map((port) =>
          test.pod({ labels, ports: { web: port }, env: { BASE_PORT: String(port) } }),
        ),
      );
      const names = pods.map(({ metadata }) => metadata.name);
      await servedBy(test.clients[0], clusterIpOf(service), names);
    },
  },
  {
    title: "should refuse a port that the Service does not have",
    async run(test) {
      const service = await test.service();
      await reachable(test.clients[0], clusterIpOf(service));
      await answers(test.clients[0], clusterIpOf(service, 81), "REFUSED");
      await answers(test.clients[0], clusterIpOf(service, 80), "REFUSED", "udp");
      await answers(test.nodes[0], clusterIpOf(service, 81), "REFUSED");
    },
  },
  {
    title: "should not answer on a cluster IP that no Service has",
    async run(test) {
      const service = await test.service();
      await reachable(test.clients[0], clusterIpOf(service));
      await answers(
        test.clients[0],
        { host: "10.96.255.254", port: 80, timeoutMs: 300 },
        "TIMEOUT",
      );
    },
  },
];

const lives: readonly NetworkCase[] = [
  {
    title: "should be able to up and down services",
    async run(test) {
      const [one, two] = await Promise.all([test.service(), test.service()]);
      for (const service of [one, two]) await servedBy(test.nodes[0], clusterIpOf(service));
      await test.removeService(one);
      await unanswered(test.nodes[0], clusterIpOf(one));
      const three = await test.service();
      await servedBy(test.nodes[0], clusterIpOf(two));
      await servedBy(test.nodes[0], clusterIpOf(three));
    },
  },
  {
    title: "should work after the service has been recreated",
    async run(test) {
      const { clusterIP = "" } = (await test.service({ name: test.id })).spec;
      const target = { host: clusterIP, port: 80 };
      await servedBy(test.clients[0], target);
      await test.lab.rest.delete(Kinds.Service, { namespace: "default", name: test.id });
      await unanswered(test.clients[0], target);
      await waitFor(() =>
        test.service({ name: test.id, spec: { clusterIP } }).then(
          () => true,
          (error: unknown) => (isAlreadyExists(error) ? false : Promise.reject(error as Error)),
        ),
      );
      await servedBy(test.clients[0], target);
    },
  },
  {
    title: "should be able to create a functioning NodePort service",
    async run(test) {
      const service = await test.service({ spec: { type: "NodePort" } });
      await servedBy(test.clients[0], clusterIpOf(service));
      for (const host of test.nodeIps) await servedBy(test.clients[0], nodePortOf(service, host));
    },
  },
  {
    title:
      "should be possible to connect to a service via ExternalIP when the external IP is not assigned to a node",
    async run(test) {
      const externalIp = freshOutsideIp("192.0.2");
      await test.service({ spec: { externalIPs: [externalIp] } });
      await servedBy(test.clients[1], { host: externalIp, port: 80 });
    },
  },
  {
    title: "should give an external IP up with the Service that had it",
    async run(test) {
      const externalIp = freshOutsideIp("192.0.2");
      const service = await test.service({ spec: { externalIPs: [externalIp] } });
      await reachable(test.clients[1], { host: externalIp, port: 80 });
      await test.update(service, { externalIPs: null });
      await unanswered(test.clients[1], { host: externalIp, port: 80 });
      await reachable(test.clients[1], clusterIpOf(service));
    },
  },
  {
    title: "should be able to change the type from ExternalName to ClusterIP",
    async run(test) {
      const service = await externalName(test);
      const updated = await test.update(service, { ...PLAIN, type: "ClusterIP" });
      await servedBy(test.clients[0], clusterIpOf(updated));
    },
  },
  {
    title: "should be able to change the type from ExternalName to NodePort",
    async run(test) {
      const service = await externalName(test);
      const updated = await test.update(service, { ...PLAIN, type: "NodePort" });
      await servedBy(test.clients[0], nodePortOf(updated, test.nodeIps[0]));
    },
  },
  {
    title: "should be able to change the type from ClusterIP to ExternalName",
    async run(test) {
      const service = await test.service();
      await reachable(test.clients[0], clusterIpOf(service));
      await test.update(service, TO_EXTERNAL_NAME);
      await unanswered(test.clients[0], clusterIpOf(service));
    },
  },
  {
    title: "should be able to change the type from NodePort to ExternalName",
    async run(test) {
      const service = await test.service({ spec: { type: "NodePort" } });
      await reachable(test.clients[0], nodePortOf(service, test.nodeIps[0]));
      await test.update(service, TO_EXTERNAL_NAME);
      await answers(test.clients[0], nodePortOf(service, test.nodeIps[0]), "REFUSED");
    },
  },
  {
    title: "should be able to change the type from NodePort to ClusterIP",
    async run(test) {
      const service = await test.service({ spec: { type: "NodePort" } });
      await reachable(test.clients[0], nodePortOf(service, test.nodeIps[0]));
      await test.update(service, { type: "ClusterIP" });
      await answers(test.clients[0], nodePortOf(service, test.nodeIps[0]), "REFUSED");
      await servedBy(test.clients[0], clusterIpOf(service));
    },
  },
  {
    title: "should prevent NodePort collisions",
    async run(test) {
      const service = await test.service({ spec: { type: "NodePort" } });
      const { port: nodePort } = nodePortOf(service, "");
      const spec = { type: "NodePort" as const };
      const ports = [{ ...tcp(80), nodePort }];
      const text = await refusal(test.service({ ports, spec }));
      expectMatch(text, new RegExp(`${nodePort}.*port is already allocated`));
      await test.removeService(service);
      await test.service({ ports, spec });
    },
  },
  {
    title: "should check NodePort out-of-range",
    async run(test) {
      const spec = { type: "NodePort" as const };
      const service = await test.service({ spec });
      const ports = [{ ...tcp(80), nodePort: 40_000 }];
      const reason = /40000.*port is not in the valid range/;
      expectMatch(await refusal(test.update(service, { ports })), reason);
      expectMatch(await refusal(test.service({ ports, spec })), reason);
    },
  },
  {
    title: "should release NodePorts on delete",
    async run(test) {
      const service = await test.service({ spec: { type: "NodePort" } });
      const target = nodePortOf(service, test.nodeIps[1]);
      await reachable(test.clients[0], target);
      await test.removeService(service);
      await answers(test.clients[0], target, "REFUSED");
      const ports = [{ ...tcp(80), nodePort: target.port }];
      await test.service({ ports, spec: { type: "NodePort" } });
      await reachable(test.clients[0], target);
    },
  },
  {
    title: "should implement service.kubernetes.io/service-proxy-name",
    async run(test) {
      const label = "service.kubernetes.io/service-proxy-name";
      const service = await test.service({ labels: { [label]: "other" } });
      const usual = await test.service();
      await reachable(test.clients[0], clusterIpOf(usual));
      await unanswered(test.clients[0], clusterIpOf(service));
      await relabel(test, service, { [label]: null });
      await servedBy(test.clients[0], clusterIpOf(service));
      await relabel(test, service, { [label]: "other" });
      await unanswered(test.clients[0], clusterIpOf(service));
    },
  },
  {
    title: "should implement service.kubernetes.io/headless",
    async run(test) {
      const service = await test.service({ selector: null });
      const pod = await test.pod({ labels: {} });
      await test.slice({
        service: service.metadata.name,
        labels: { "service.kubernetes.io/headless": "" },
        endpoints: [{ addresses: [pod.status?.podIP ?? ""] }],
      });
      await answers(test.clients[0], clusterIpOf(service), "REFUSED");
      await test.slice({
        service: service.metadata.name,
        endpoints: [{ addresses: [pod.status?.podIP ?? ""] }],
      });
      await servedBy(test.clients[0], clusterIpOf(service), [pod.metadata.name]);
    },
  },
];

/** What an ExternalName Service becomes another type with. */
const PLAIN = {
  externalName: null,
  selector: { app: "echo" },
  ports: [tcp(80)],
};

const TO_EXTERNAL_NAME = {
  type: "ExternalName",
  externalName: "example.com",
  clusterIP: null,
  clusterIPs: null,
};

function externalName(test: CaseContext): Promise<Service> {
  const spec = { type: "ExternalName" as const, externalName: "example.com" };
  return test.service({ selector: null, ports: [], spec });
}

async function relabel(
  { lab }: CaseContext,
  { metadata }: Service,
  labels: Record<string, string | null>,
): Promise<void> {
  const ref = { namespace: "default", name: metadata.name };
  await lab.rest.patch(Kinds.Service, ref, { type: "merge", body: { metadata: { labels } } });
}

/** No endpoint: a client is told at once, on every kind of address. */
const rejections = (["tcp", "udp"] as const).flatMap((protocol): NetworkCase[] => {
  const port = protocol === "udp" ? udp(80) : tcp(80);
  const spec = { type: "NodePort" as const };
  return [
    {
      title: `should be rejected when no endpoints exist: cluster IP, ${protocol}`,
      async run(test) {
        const service = await test.service({ ports: [port], selector: { app: test.id } });
        await answers(test.clients[0], clusterIpOf(service), "REFUSED", protocol);
        await refusedToNode(test, clusterIpOf(service), protocol);
      },
    },
    {
      title: `should be rejected when no endpoints exist: NodePort, ${protocol}`,
      async run(test) {
        const service = await test.service({ ports: [port], selector: { app: test.id }, spec });
        for (const host of test.nodeIps) {
          await answers(test.clients[0], nodePortOf(service, host), "REFUSED", protocol);
        }
        await answers(test.outside, nodePortOf(service, test.nodeIps[0]), "REFUSED", protocol);
      },
    },
    {
      title: `should be rejected when no endpoints exist: external IP, ${protocol}`,
      async run(test) {
        const externalIp = freshOutsideIp("192.0.2");
        await test.service({
          ports: [port],
          selector: { app: test.id },
          spec: { externalIPs: [externalIp] },
        });
        const target = { host: externalIp, port: 80 };
        await answers(test.clients[0], target, "REFUSED", protocol);
      },
    },
    {
      title: `should be rejected when the last endpoint leaves, and serve the next: ${protocol}`,
      async run(test) {
        const labels = { app: test.id };
        const service = await test.service({ ports: [port], selector: labels });
        for (let round = 0; round < 2; round++) {
          const pod = await test.pod({ labels });
          await answers(test.clients[2], clusterIpOf(service), pod.metadata.name, protocol);
          await test.removePod(pod.metadata.name, 0);
          await answers(test.clients[2], clusterIpOf(service), "REFUSED", protocol);
        }
      },
    },
  ];
});

/** A node's own kernel says EPERM to a datagram that its rules refuse. */
async function refusedToNode(
  test: CaseContext,
  target: ReturnType<typeof clusterIpOf>,
  protocol: "tcp" | "udp",
): Promise<void> {
  const kernel = test.mode !== "userspace" && protocol === "udp";
  await answers(test.nodes[0], target, kernel ? "EPERM" : "REFUSED", protocol);
}

/** Ports, types and lives of Services. */
export const serviceCases: readonly NetworkCase[] = [...ports, ...lives, ...rejections];
