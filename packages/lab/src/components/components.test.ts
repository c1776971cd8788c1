import { describe, expect, it } from "vitest";
import { labFiles } from "../state/lab-files.ts";
import { createTopology } from "../topology.ts";
import type { LabPlan } from "./component.ts";
import { apiServer, controllerManager, natsServer } from "./control-plane.ts";
import { gateway, kubelet, kubeProxy } from "./node.ts";

const topology = createTopology({
  nodes: 2,
  serviceCidr: "10.96.0.0/16",
  clusterCidr: "10.244.0.0/16",
});
const plan: LabPlan = {
  environment: {
    home: "/home",
    path: "/bin",
    node: ["/node", "--import", "/vendor"],
    natsServer: "/nats-server",
    seed: "7",
    forwarder: "epoll",
  },
  topology,
  files: labFiles("/lab"),
  passwords: { apiserver: "secret-a", component: "secret-c", dns: "secret-d" },
  nodePorts: "30000-32767",
  proxyModes: ["nftables", "node-2=iptables"],
  logLevel: "warn",
};
const [, node] = topology.nodes as [(typeof topology.nodes)[0], (typeof topology.nodes)[0]];
const specs = [natsServer, apiServer, controllerManager]
  .map((build) => build(plan))
  .concat(kubelet(plan, node), kubeProxy(plan, node));

/** `--flag value` pairs behind the program. */
function flagsOf(command: readonly string[]): Record<string, string> {
  const words = command.slice(
    command.findIndex((word) => word.startsWith("--") && word !== "--net"),
  );
  return Object.fromEntries(
    words.flatMap((word, index) => (word.startsWith("--") ? [[word, words[index + 1] ?? ""]] : [])),
  ) as Record<string, string>;
}

describe("components", () => {
  it("have names of their own", () => {
    expect(specs.map(({ name }) => name)).toEqual([
      "nats-server",
      "apiserver",
      "controller-manager",
      "kubelet/node-2",
      "kube-proxy/node-2",
    ]);
  });

  it("the gateway is in the first node's network and gets the second listening socket", () => {
    const { name, listenFd, command } = gateway(plan);
    expect([name, listenFd, command[1]]).toEqual(["gateway", 4, "--net=/run/netns/node-1"]);
    expect(flagsOf(command.slice(2))).toMatchObject({ "--listen-fd": "3" });
  });

  it("never show a password in a command line", () => {
    expect(specs.flatMap(({ command }) => command).join(" ")).not.toContain("secret");
  });

  it("get the bus's address and their own user, the seed and the forwarder", () => {
    expect(apiServer(plan).env).toEqual({
      PATH: "/bin",
      LANG: "C.UTF-8",
      KUBEHOP_LOG_LEVEL: "warn",
      MALLOC_ARENA_MAX: "1",
      KUBEHOP_SEED: "7",
      KUBEHOP_FORWARDER: "epoll",
      KUBEHOP_BUS_URL: "nats://172.31.0.1:4222",
      KUBEHOP_BUS_USER: "apiserver",
      KUBEHOP_BUS_PASSWORD: "secret-a",
    });
    expect(kubelet(plan, node).env["KUBEHOP_BUS_USER"]).toBe("component");
    expect(natsServer(plan).env).toEqual({ PATH: "/bin" });
  });

  it("run nodes' processes in the node's network", () => {
    const { command } = kubelet(plan, node);
    expect(command.slice(0, 3)).toEqual(["nsenter", "--net=/run/netns/node-2", "/node"]);
    expect(flagsOf(command.slice(2))).toMatchObject({
      "--node-name": "node-2",
      "--node-ip": "172.31.0.12",
      "--pod-cidr": "10.244.2.0/24",
      "--cluster-dns": "10.96.0.10",
      "--root-dir": "/lab/nodes/node-2",
    });
  });

  it("with IPv6 get both CIDRs and addresses, those of IPv4 first", () => {
    const both = createTopology({
      nodes: 1,
      serviceCidr: "10.96.0.0/16,fd00:10:96::/112",
      clusterCidr: "10.244.0.0/16,fd00:10:244::/56",
    });
    const [first] = both.nodes as [(typeof both.nodes)[0]];
    const dual = { ...plan, topology: both };
    const services = "10.96.0.0/16,fd00:10:96::/112";
    const clusters = "10.244.0.0/16,fd00:10:244::/56";
    expect(flagsOf(apiServer(dual).command)).toMatchObject({
      "--service-cluster-ip-range": services,
    });
    expect(flagsOf(controllerManager(dual).command)).toMatchObject({
      "--cluster-cidr": clusters,
      "--load-balancer-pool": "172.31.1.0/24,fd00:172:31:1::/112",
    });
    expect(flagsOf(kubelet(dual, first).command.slice(2))).toMatchObject({
      "--node-ip": "172.31.0.11,fd00:172:31::b",
      "--pod-cidr": "10.244.1.0/24,fd00:10:244:1::/64",
    });
    expect(flagsOf(kubeProxy(dual, first).command.slice(2))).toMatchObject({
      "--node-ip": "172.31.0.11,fd00:172:31::b",
      "--cluster-cidr": clusters,
      "--service-cluster-ip-range": services,
    });
  });

  it("let the host in through descriptor 3", () => {
    expect(apiServer(plan).listenFd).toBe(3);
    expect(flagsOf(apiServer(plan).command)).toMatchObject({
      "--listen-fd": "3",
      "--secure-port": "6443",
      "--service-cluster-ip-range": "10.96.0.0/16",
      "--client-ca-file": "/lab/pki/ca.crt",
    });
  });
});
