import { Kinds, type Service } from "@kubehop/api";
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
import { balanced, LOCAL, onNodeOne } from "../support/situations.ts";

/** The address that the cluster's own load balancer gives. */
async function givenAddress({ lab }: CaseContext, { metadata }: Service): Promise<string> {
  return waitFor(
    async () => {
      const ref = { namespace: "default", name: metadata.name };
      const { status } = await lab.rest.get(Kinds.Service, ref);
      return status?.loadBalancer?.ingress?.[0]?.ip;
    },
    { timeoutMs: 60_000, describe: "the Service to have an external address" },
  );
}

/** Services of type LoadBalancer. */
export const loadBalancerCases: readonly NetworkCase[] = [
  {
    title: "should be able to create a functioning LoadBalancer Service",
    async run(test) {
      const service = await test.service({ spec: { type: "LoadBalancer" } });
      const target = { host: await givenAddress(test, service), port: 80 };
      for (const client of [test.clients[2], test.nodes[1], test.outside]) {
        await servedBy(client, target);
      }
      await test.removeService(service);
      for (const client of [test.clients[2], test.outside]) await unanswered(client, target);
    },
  },
  {
    title: "should send a load balancer's traffic to nodes with endpoints alone when told so",
    async run(test) {
      const { service, pod } = await onNodeOne(test, {
        type: "LoadBalancer",
        externalTrafficPolicy: LOCAL,
      });
      const target = { host: await givenAddress(test, service), port: 80 };
      await servedBy(test.outside, target, [pod]);
      const another = await test.pod({ labels: service.spec.selector ?? {}, node: "node-3" });
      await servedBy(test.outside, target, [pod, another.metadata.name]);
      await test.removePod(pod, 0);
      await servedBy(test.outside, target, [another.metadata.name]);
    },
  },
  {
    title: "should only allow access from service loadbalancer source ranges",
    async run(test) {
      const { service, pod, balancerIp } = await balanced(test, {
        loadBalancerSourceRanges: ["10.244.1.0/24"],
      });
      const target = { host: balancerIp, port: 80 };
      await servedBy(test.clients[0], target, [pod]);
      await unanswered(test.clients[1], target);
      await servedBy(test.clients[1], clusterIpOf(service), [pod]);
      await servedBy(test.clients[1], nodePortOf(service, test.nodeIps[1]), [pod]);
      await test.update(service, { loadBalancerSourceRanges: ["10.244.2.0/24"] });
      await servedBy(test.clients[1], target, [pod]);
      await unanswered(test.clients[0], target);
    },
  },
  {
    title: "should drop clients outside the service loadbalancer source ranges",
    async run(test) {
      const { balancerIp, service } = await balanced(test, {
        loadBalancerSourceRanges: ["198.51.100.0/24"],
      });
      await reachable(test.clients[0], clusterIpOf(service));
      await answers(test.clients[0], { host: balancerIp, port: 80, timeoutMs: 300 }, "TIMEOUT");
    },
  },
  {
    title: "should be able to create LoadBalancer Service without NodePort and change it",
    async run(test) {
      const { service, pod, balancerIp } = await balanced(test, {
        allocateLoadBalancerNodePorts: false,
      });
      if ((nodePortOf(service, "").port ?? 0) !== 0) throw new Error("it has a NodePort");
      await servedBy(test.clients[1], { host: balancerIp, port: 80 }, [pod]);
      const changed = await test.update(service, { allocateLoadBalancerNodePorts: true });
      await servedBy(test.clients[1], nodePortOf(changed, test.nodeIps[1]), [pod]);
    },
  },
  {
    title: "should give the load balancer's IP up when the type changes",
    async run(test) {
      const { service, pod, balancerIp } = await balanced(test, {});
      const target = { host: balancerIp, port: 80 };
      await servedBy(test.clients[1], target, [pod]);
      await test.update(service, { type: "ClusterIP", loadBalancerClass: null });
      await unanswered(test.clients[1], target);
      await servedBy(test.clients[1], clusterIpOf(service), [pod]);
    },
  },
];
