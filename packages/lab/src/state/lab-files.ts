import { join } from "node:path";

/** The names of the files in a lab's folder. */
export interface LabFiles {
  readonly directory: string;
  readonly logs: string;
  readonly pki: string;
  readonly natsConfig: string;
  readonly natsStore: string;
  /** The user's kubeconfig. */
  readonly kubeconfig: string;
  readonly resolvConf: string;
  /** A component's kubeconfig, by its user's short name, e.g. kubelet-node-1. */
  componentKubeconfig(name: string): string;
  /** What a kubelet keeps of its pods. */
  nodeRoot(node: string): string;
  /** A certificate, e.g. apiserver.crt. */
  pkiFile(name: string): string;
}

/** Gives the names of the files in a lab's folder. */
export function labFiles(directory: string): LabFiles {
  const pki = join(directory, "pki");
  return {
    directory,
    logs: join(directory, "logs"),
    pki,
    natsConfig: join(directory, "nats.conf"),
    natsStore: join(directory, "nats"),
    kubeconfig: join(directory, "kubeconfig"),
    resolvConf: join(directory, "resolv.conf"),
    componentKubeconfig: (name) => join(directory, "kubeconfigs", name),
    nodeRoot: (node) => join(directory, "nodes", node),
    pkiFile: (name) => join(pki, name),
  };
}
