import { waitFor } from "@kubehop/testkit";
import {
  answers,
  ask,
  type CaseContext,
  clusterIpOf,
  type NetworkCase,
  nodePortOf,
  patiently,
  reachable,
  servedBy,
  unanswered,
} from "../support/case.ts";
import type { Target } from "../support/prober.ts";
import {
  balanced,
  freshOutsideIp,
  LOCAL,
  onNodeOne,
  stayingPod,
  UDP,
} from "../support/situations.ts";

/** What a client outside the Local policy is told: userspace refuses, the kernel drops. */
function dropped(test: CaseContext): string {
  return test.mode === "userspace" ? "REFUSED" : "TIMEOUT";
}

const soon = (target: Target): Target => ({ ...target, timeoutMs: 300 });

const internal: readonly NetworkCase[] = [
  {
    title: "should respect internalTrafficPolicy=Local Pod to Pod",
    async run(test) {
      const { service, pod } = await onNodeOne(test, { internalTrafficPolicy: LOCAL });
      await servedBy(test.clients[0], clusterIpOf(service), [pod]);
      await answers(test.clients[1], soon(clusterIpOf(service)), dropped(test));
    },
  },
  {
    title: "should respect internalTrafficPolicy=Local Node to Pod",
    async run(test) {
      const { service, pod } = await onNodeOne(test, { internalTrafficPolicy: LOCAL });
      await servedBy(test.nodes[0], clusterIpOf(service), [pod]);
      await unanswered(test.nodes[2], clusterIpOf(service));
    },
  },
  {
    title: "should respect internalTrafficPolicy=Local Pod to Pod: udp",
    async run(test) {
      const { service, pod } = await onNodeOne(test, { internalTrafficPolicy: LOCAL }, UDP);
      await servedBy(test.clients[0], clusterIpOf(service), [pod], "udp");
      await answers(test.clients[1], soon(clusterIpOf(service)), "TIMEOUT", "udp");
    },
  },
  {
    title: "should drop, not refuse, with internalTrafficPolicy=Local and no local endpoint",
    async run(test) {
      const { service } = await onNodeOne(test, { internalTrafficPolicy: LOCAL });
      await answers(test.clients[1], soon(clusterIpOf(service)), "TIMEOUT");
    },
  },
  {
    title: "should refuse with internalTrafficPolicy=Local and no endpoint anywhere",
    async run(test) {
      const service = await test.service({
        selector: { app: test.id },
        spec: { internalTrafficPolicy: LOCAL },
      });
      await answers(test.clients[1], clusterIpOf(service), "REFUSED");
    },
  },
  {
    title: "should follow a change of internalTrafficPolicy",
    async run(test) {
      const { service, pod } = await onNodeOne(test, { internalTrafficPolicy: LOCAL });
      await unanswered(test.clients[1], clusterIpOf(service));
      await test.update(service, { internalTrafficPolicy: "Cluster" });
      await servedBy(test.clients[1], clusterIpOf(service), [pod]);
    },
  },
];

const external: readonly NetworkCase[] = [
  {
    title: "should support externalTrafficPolicy=Local for type=NodePort",
    async run(test) {
      const spec = { type: "NodePort" as const, externalTrafficPolicy: LOCAL };
      const { service, pod } = await onNodeOne(test, spec);
      await servedBy(test.outside, nodePortOf(service, test.nodeIps[0]), [pod]);
      await unanswered(test.outside, nodePortOf(service, test.nodeIps[1]));
    },
  },
  {
    title: "should support externalTrafficPolicy=Local for type=NodePort: udp",
    async run(test) {
      const spec = { type: "NodePort" as const, externalTrafficPolicy: LOCAL };
      const { service, pod } = await onNodeOne(test, spec, UDP);
      await servedBy(test.outside, nodePortOf(service, test.nodeIps[0]), [pod], "udp");
      await unanswered(test.outside, nodePortOf(service, test.nodeIps[1]), "udp");
    },
  },
  {
    title: "should let pods through externalTrafficPolicy=Local on their own node",
    async run(test) {
      const spec = { type: "NodePort" as const, externalTrafficPolicy: LOCAL };
      const { service, pod } = await onNodeOne(test, spec);
      for (const [index, client] of test.clients.entries()) {
        await servedBy(client, nodePortOf(service, test.nodeIps[index] ?? ""), [pod]);
      }
    },
  },
  {
    title: "should let a node through externalTrafficPolicy=Local on itself",
    async run(test) {
      const spec = { type: "NodePort" as const, externalTrafficPolicy: LOCAL };
      const { service, pod } = await onNodeOne(test, spec);
      await servedBy(test.nodes[1], nodePortOf(service, test.nodeIps[1]), [pod]);
    },
  },
  {
    title: "should respect externalTrafficPolicy=Local on external IPs",
    async run(test) {
      const externalIp = freshOutsideIp("192.0.2");
      const labels = { app: test.id };
      await test.service({
        selector: labels,
        spec: { externalIPs: [externalIp], externalTrafficPolicy: LOCAL },
      });
      const target = { host: externalIp, port: 80 };
      await test.pod({ labels, node: "node-2" });
      await unanswered(test.outside, target);
      const pod = await test.pod({ labels, node: "node-1" });
      await servedBy(test.outside, target, [pod.metadata.name]);
    },
  },
  {
    title: "should keep the client's IP with externalTrafficPolicy=Local",
    async run(test) {
      const spec = { type: "NodePort" as const, externalTrafficPolicy: LOCAL };
      const { service, pod } = await onNodeOne(test, spec);
      const target = nodePortOf(service, test.nodeIps[0]);
      await reachable(test.outside, target);
      const [name, client] = (await ask(test.outside, patiently(target))).split(" ");
      if (name !== pod || client !== "::ffff:172.31.0.1") throw new Error(`${name} saw ${client}`);
    },
  },
  {
    title: "should not keep the client's IP with externalTrafficPolicy=Cluster",
    async run(test) {
      const { service } = await onNodeOne(test, { type: "NodePort" as const });
      const target = nodePortOf(service, test.nodeIps[1]);
      await reachable(test.outside, target);
      const [, client] = (await ask(test.outside, patiently(target))).split(" ");
      if (client !== "::ffff:172.31.0.12") throw new Error(`the endpoint saw ${client}`);
    },
  },
  {
    title: "should preserve source pod IP for traffic thru service cluster IP",
    async run(test) {
      const { service } = await onNodeOne(test, {});
      for (const [index, client] of test.clients.entries()) {
        await reachable(client, clusterIpOf(service));
        const [, seen] = (await ask(client, patiently(clusterIpOf(service)))).split(" ");
        const net = `::ffff:10.244.${index + 1}.`;
        if (seen?.startsWith(net) !== true || seen === `${net}1`) {
          throw new Error(`${client.name} is seen as ${seen}`);
        }
      }
    },
  },
];

const healthChecks: readonly NetworkCase[] = [
  {
    title:
      "should implement NodePort and HealthCheckNodePort correctly when ExternalTrafficPolicy changes",
    async run(test) {
      const { service, pod } = await balanced(test, { externalTrafficPolicy: LOCAL });
      const port = service.spec.healthCheckNodePort ?? 0;
      await healthIs(test, { host: test.nodeIps[0], port }, 200);
      await healthIs(test, { host: test.nodeIps[1], port }, 503);
      const changed = await test.update(service, { externalTrafficPolicy: "Cluster" });
      await answers(test.outside, { host: test.nodeIps[0], port }, "REFUSED");
      await servedBy(test.outside, nodePortOf(changed, test.nodeIps[1]), [pod]);
    },
  },
  {
    title: "should fail health check node port if there are only terminating endpoints",
    async run(test) {
      const { service, pod } = await balanced(test, { externalTrafficPolicy: LOCAL }, stayingPod);
      const target = { host: test.nodeIps[0], port: service.spec.healthCheckNodePort ?? 0 };
      await healthIs(test, target, 200);
      await test.removePod(pod);
      await healthIs(test, target, 503);
      await servedBy(test.outside, nodePortOf(service, test.nodeIps[0]), [pod]);
    },
  },
  {
    title: "should tell the number of local endpoints with the health check",
    async run(test) {
      const { service, labels } = await balanced(test, { externalTrafficPolicy: LOCAL });
      await test.pod({ labels, node: "node-1" });
      const url = `http://${test.nodeIps[0]}:${service.spec.healthCheckNodePort}/`;
      await waitFor(async () => {
        const { headers, body } = await test.outside.http(url);
        const { localEndpoints } = JSON.parse(body) as { localEndpoints: number };
        return headers["x-load-balancing-endpoint-weight"] === "2" && localEndpoints === 2;
      });
    },
  },
];

async function healthIs(test: CaseContext, { host, port }: Target, code: number): Promise<void> {
  let seen: unknown;
  await waitFor(
    async () => {
      seen = (await test.outside.http(`http://${host}:${port}/healthz`)).status;
      return seen === code;
    },
    { timeoutMs: 60_000, describe: () => `${code} of ${host}:${port}; last: ${String(seen)}` },
  );
}

/** Internal and external traffic policies, and the health checks that go with them. */
export const policyCases: readonly NetworkCase[] = [...internal, ...external, ...healthChecks];
