import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { type BusPasswords, natsServerConfig } from "@kubehop/client";
import {
  type CertificateRequest,
  type ClusterPki,
  createClusterPki,
  createSigningKeys,
  type KeyPair,
} from "@kubehop/kit/certificates";
import {
  ADMIN,
  apiServerServing,
  CONTROLLER_MANAGER,
  KUBE_PROXY,
  KUBELET_CLIENT,
  nodeClient,
  nodeServing,
} from "./certificate-requests.ts";
import { kubeconfig } from "./kubeconfig.ts";
import type { LabFiles } from "./state/lab-files.ts";
import { CONTROL_PLANE_IP, type NodeAddresses, type Topology } from "./topology.ts";

/** The API server's port on the fabric. */
export const API_PORT = 6443;
/** The bus's port on the fabric. */
export const BUS_PORT = 4222;

/** Random passwords of the bus's users, for one lab. */
export function createBusPasswords(): BusPasswords {
  const password = (): string => randomBytes(24).toString("base64url");
  return { apiserver: password(), component: password(), dns: password() };
}

/** Writes nats-server's configuration, with its users and their rights. */
export async function writeBusConfig(files: LabFiles, passwords: BusPasswords): Promise<void> {
  const config = natsServerConfig({
    host: CONTROL_PLANE_IP,
    port: BUS_PORT,
    storeDirectory: files.natsStore,
    passwords,
  });
  await writeSecret(files.natsConfig, config);
}

/** Which lab the certificates are for. */
export interface CredentialsOptions {
  readonly labName: string;
  readonly topology: Topology;
  readonly files: LabFiles;
  /** The host's port of the API server. */
  readonly apiPort: number;
  /** Names and addresses of the host besides localhost and 127.0.0.1. */
  readonly altNames: readonly string[];
  /** Whether there is a gateway. */
  readonly gateway: boolean;
}

/**
 * Makes the lab's certificate authority, writes every certificate, key and kubeconfig, and forgets
 * the authority's key.
 */
export async function writeCredentials(options: CredentialsOptions): Promise<void> {
  const { files, topology } = options;
  const pki = await createClusterPki();
  await Promise.all([
    mkdir(files.pki, { recursive: true, mode: 0o700 }),
    mkdir(files.componentKubeconfig(""), { recursive: true, mode: 0o700 }),
  ]);
  await Promise.all([
    writeSecret(files.pkiFile("ca.crt"), pki.ca),
    writeApiServerFiles(pki, options),
    options.gateway ? writeGatewayFiles(pki, options) : undefined,
    writeServiceAccountKeys(files),
    writeUserKubeconfig(pki, options),
    writeClientKubeconfig(pki, files, "controller-manager", CONTROLLER_MANAGER),
    writeClientKubeconfig(pki, files, "kube-proxy", KUBE_PROXY),
    ...topology.nodes.map((node) => writeNodeFiles(pki, files, node)),
  ]);
}

async function writeApiServerFiles(pki: ClusterPki, options: CredentialsOptions): Promise<void> {
  const { files, topology } = options;
  const addresses = [...hostNames(options), CONTROL_PLANE_IP, topology.kubernetesServiceIp];
  const [serving, kubeletClient] = await Promise.all([
    pki.issue(apiServerServing(addresses)),
    pki.issue(KUBELET_CLIENT),
  ]);
  await writePair(files, "apiserver", serving);
  await writePair(files, "apiserver-kubelet-client", kubeletClient);
}

async function writeGatewayFiles(pki: ClusterPki, options: CredentialsOptions): Promise<void> {
  const altNames = hostNames(options);
  const serving = await pki.issue({ commonName: "kubehop-gateway", usages: ["server"], altNames });
  await writePair(options.files, "gateway", serving);
}

function hostNames({ altNames }: CredentialsOptions): string[] {
  return [...new Set(["localhost", "127.0.0.1", ...altNames])];
}

async function writeServiceAccountKeys(files: LabFiles): Promise<void> {
  const { privateKey, publicKey } = await createSigningKeys();
  await writeSecret(files.pkiFile("sa.key"), privateKey);
  await writeSecret(files.pkiFile("sa.pub"), publicKey);
}

async function writeUserKubeconfig(pki: ClusterPki, options: CredentialsOptions): Promise<void> {
  const user = await pki.issue(ADMIN);
  const text = kubeconfig({
    name: `kubehop-${options.labName}`,
    server: `https://127.0.0.1:${options.apiPort}`,
    ca: pki.ca,
    user,
  });
  await writeSecret(options.files.kubeconfig, text);
}

async function writeNodeFiles(
  pki: ClusterPki,
  files: LabFiles,
  node: NodeAddresses,
): Promise<void> {
  const serving = await pki.issue(nodeServing(node.name, node.networks[0].ip));
  await Promise.all([
    writePair(files, `kubelet-${node.name}`, serving),
    mkdir(files.nodeRoot(node.name), { recursive: true }),
    writeClientKubeconfig(pki, files, `kubelet-${node.name}`, nodeClient(node.name)),
  ]);
}

async function writeClientKubeconfig(
  pki: ClusterPki,
  files: LabFiles,
  name: string,
  request: CertificateRequest,
): Promise<void> {
  const user = await pki.issue(request);
  const server = `https://${CONTROL_PLANE_IP}:${API_PORT}`;
  await writeSecret(
    files.componentKubeconfig(name),
    kubeconfig({ name: "kubehop", server, ca: pki.ca, user }),
  );
}

async function writePair(files: LabFiles, name: string, pair: KeyPair): Promise<void> {
  await writeSecret(files.pkiFile(`${name}.crt`), pair.cert);
  await writeSecret(files.pkiFile(`${name}.key`), pair.key);
}

function writeSecret(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600 });
}
