import { expect, it } from "vitest";
import { loadAddons } from "./addons.ts";
import { describeManifest } from "./manifests/manifest.ts";
import { createTopology } from "./topology.ts";

const topology = createTopology({
  nodes: 1,
  serviceCidr: "10.32.0.0/24",
  clusterCidr: "10.244.0.0/16",
});
const addons = await loadAddons(topology, { apiserver: "a", component: "c", dns: "d" });
const find = (name: string): Record<string, unknown> =>
  addons.find((manifest) => describeManifest(manifest) === name)?.object ?? {};

it("are the objects that kubeadm makes, and the bus", () => {
  expect(addons.map(describeManifest)).toEqual([
    "ServiceAccount kube-system/coredns",
    "ClusterRole system:coredns",
    "ClusterRoleBinding system:coredns",
    "Role kube-system/coredns",
    "RoleBinding kube-system/coredns",
    "ConfigMap kube-system/coredns",
    "Service kube-system/kube-dns",
    "Deployment kube-system/coredns",
    "Service kube-system/nats",
    "EndpointSlice kube-system/nats",
    "Secret kube-system/bus-dns",
  ]);
});

it("have this lab's DNS address and password", () => {
  expect(find("Service kube-system/kube-dns")).toMatchObject({ spec: { clusterIP: "10.32.0.10" } });
  expect(find("Secret kube-system/bus-dns")).toMatchObject({
    data: { user: "ZG5z", password: "ZA==" },
  });
});

it("give CoreDNS the Corefile of the documentation", () => {
  const { data } = find("ConfigMap kube-system/coredns") as { data: { Corefile: string } };
  expect(data.Corefile).toBe(`.:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`);
});
