import { netnsPath } from "../sandbox/network-plan.ts";
import type { ProcessSpec } from "../supervisor/process-spec.ts";
import type { NodeAddresses } from "../topology.ts";
import {
  busEnv,
  CLUSTER_DOMAIN,
  HANDED_IN_FD,
  type LabPlan,
  processEnv,
  serviceCommand,
} from "./component.ts";

/** A node's kubelet, in the node's network. */
export function kubelet(plan: LabPlan, node: NodeAddresses): ProcessSpec {
  const { files, topology } = plan;
  return inNode(node, {
    name: `kubelet/${node.name}`,
    env: busEnv(plan, "component"),
    command: serviceCommand(plan, "kubelet", {
      kubeconfig: files.componentKubeconfig(`kubelet-${node.name}`),
      "node-name": node.name,
      "node-ip": node.networks.map(({ ip }) => ip),
      "pod-cidr": node.networks.map(({ podCidr }) => podCidr),
      "cluster-dns": topology.clusterDns,
      "cluster-domain": CLUSTER_DOMAIN,
      "root-dir": files.nodeRoot(node.name),
      "tls-cert-file": files.pkiFile(`kubelet-${node.name}.crt`),
      "tls-private-key-file": files.pkiFile(`kubelet-${node.name}.key`),
      "client-ca-file": files.pkiFile("ca.crt"),
      "container-runtime": "netns",
    }),
  });
}

/** A node's kube-proxy, in the node's network. */
export function kubeProxy(plan: LabPlan, node: NodeAddresses): ProcessSpec {
  return inNode(node, {
    name: `kube-proxy/${node.name}`,
    env: busEnv(plan, "component"),
    command: serviceCommand(plan, "kube-proxy", {
      "node-name": node.name,
      "node-ip": node.networks.map(({ ip }) => ip),
      "cluster-cidr": plan.topology.networks.map(({ clusterCidr }) => clusterCidr),
      "service-cluster-ip-range": plan.topology.networks.map(({ serviceCidr }) => serviceCidr),
      kubeconfig: plan.files.componentKubeconfig("kube-proxy"),
      "proxy-mode": proxyModeOf(plan, node),
    }),
  });
}

/** The sandbox's descriptor of the host's second listening socket. */
const GATEWAY_LISTENER_FD = 4;

/** The host's way to the Services' addresses, in the network of the first node. */
export function gateway(plan: LabPlan): ProcessSpec {
  const { files, topology } = plan;
  const [first] = topology.nodes;
  if (first === undefined) throw new Error("a lab has at least one node");
  return inNode(first, {
    name: "gateway",
    listenFd: GATEWAY_LISTENER_FD,
    env: processEnv(plan),
    command: serviceCommand(plan, "gateway", {
      "listen-fd": HANDED_IN_FD,
      "tls-cert-file": files.pkiFile("gateway.crt"),
      "tls-private-key-file": files.pkiFile("gateway.key"),
      "client-ca-file": files.pkiFile("ca.crt"),
    }),
  });
}

/** A node's own mode wins over everybody's; of several the last counts. */
function proxyModeOf({ proxyModes }: LabPlan, { name }: NodeAddresses): string {
  const own = proxyModes.findLast((mode) => mode.startsWith(`${name}=`));
  const all = proxyModes.findLast((mode) => !mode.includes("="));
  return own?.slice(name.length + 1) ?? all ?? "userspace";
}

/** nsenter becomes the program, so the process id is the program's own. */
function inNode(node: NodeAddresses, spec: ProcessSpec): ProcessSpec {
  return { ...spec, command: ["nsenter", `--net=${netnsPath(node.name)}`, ...spec.command] };
}
