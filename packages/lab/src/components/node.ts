import { netnsPath } from "../sandbox/network-plan.ts";
import type { ProcessSpec } from "../supervisor/process-spec.ts";
import type { NodeAddresses } from "../topology.ts";
import { busEnv, CLUSTER_DOMAIN, type LabPlan, serviceCommand } from "./component.ts";

/** A node's kubelet, in the node's network. */
export function kubelet(plan: LabPlan, node: NodeAddresses): ProcessSpec {
  const { files, topology } = plan;
  return inNode(node, {
    name: `kubelet/${node.name}`,
    env: busEnv(plan, "component"),
    command: serviceCommand(plan, "kubelet", {
      kubeconfig: files.componentKubeconfig(`kubelet-${node.name}`),
      "node-name": node.name,
      "node-ip": node.ip,
      "pod-cidr": node.podCidr,
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
      "node-ip": node.ip,
      "cluster-cidr": plan.topology.clusterCidr,
    }),
  });
}

/** nsenter becomes the program, so the process id is the program's own. */
function inNode(node: NodeAddresses, spec: ProcessSpec): ProcessSpec {
  return { ...spec, command: ["nsenter", `--net=${netnsPath(node.name)}`, ...spec.command] };
}
