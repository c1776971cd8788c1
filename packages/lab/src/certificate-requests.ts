import type { CertificateRequest } from "@kubehop/kit/certificates";

// Who is who in a cluster's certificates: common names are users, organizations are groups.

/** What the API server shows to its clients, for the addresses at which they reach it. */
export function apiServerServing(addresses: readonly string[]): CertificateRequest {
  return {
    commonName: "kube-apiserver",
    usages: ["server"],
    altNames: [
      ...addresses,
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ],
  };
}

/** What the API server shows to kubelets. */
export const KUBELET_CLIENT: CertificateRequest = {
  commonName: "kube-apiserver-kubelet-client",
  organizations: ["system:masters"],
  usages: ["client"],
};

/** The user of the lab. */
export const ADMIN: CertificateRequest = {
  commonName: "kubernetes-admin",
  organizations: ["system:masters"],
  usages: ["client"],
};

/** The controllers and the scheduler. */
export const CONTROLLER_MANAGER: CertificateRequest = {
  commonName: "system:kube-controller-manager",
  usages: ["client"],
};

/** The kube-proxies of all nodes. */
export const KUBE_PROXY: CertificateRequest = {
  commonName: "system:kube-proxy",
  usages: ["client"],
};

/** What a node's kubelet shows to the API server as a client. */
export function nodeClient(name: string): CertificateRequest {
  return {
    commonName: `system:node:${name}`,
    organizations: ["system:nodes"],
    usages: ["client"],
  };
}

/** What a node's kubelet shows to its own clients. */
export function nodeServing(name: string, ip: string): CertificateRequest {
  return { ...nodeClient(name), altNames: [name, ip], usages: ["server"] };
}
