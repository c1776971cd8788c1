import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BusPasswords, natsServerConfig } from "@kubehop/client";
import {
  type CertificateRequest,
  type ClusterPki,
  createAuthority,
  createSigningKeys,
  type KeyPair,
  openClusterPki,
} from "@kubehop/kit/certificates";
import {
  ADMIN,
  apiServerServing,
  CONTROLLER_MANAGER,
  KUBELET_CLIENT,
  nodeClient,
  nodeServing,
} from "./certificate-requests.ts";
import { createBusPasswords } from "./credentials.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { LabError } from "./lab-error.ts";

/** A cluster whose components run in places of their own. */
export interface ClusterPlan {
  /** One folder a component is written here; `ca` keeps what a later run needs again. */
  readonly directory: string;
  /** Where components reach the API server, e.g. https://172.31.0.5:6443. */
  readonly apiServer: string;
  /** Where the user reaches it from the machine outside. */
  readonly apiServerOutside: string;
  /** Further addresses of the API server, e.g. its ClusterIP. */
  readonly apiServerAddresses: readonly string[];
  /** nats-server's port and its store's folder, as its own process sees them. */
  readonly bus: { readonly port: number; readonly storeDirectory: string };
  readonly nodes: readonly { readonly name: string; readonly ip: string }[];
}

/** Readable for the group that the containers of a component share, for nobody else. */
const MODE = 0o640;
const EVERY_ADDRESS = "0.0.0.0";

/**
 * Writes what each component needs to prove who it is, and nothing of another's, into a folder of
 * its own. A second run keeps the authority, the signing key and the passwords, and issues the
 * certificates anew, so components that run go on and new nodes can be added. Throws LabError when
 * what was kept cannot be read.
 */
export async function writeClusterCredentials(plan: ClusterPlan): Promise<void> {
  const { directory } = plan;
  const kept = await openKept(join(directory, "ca"));
  const pki = await openClusterPki(kept.authority);
  const write = createWriter(directory, pki);
  const { passwords } = kept;
  await Promise.all([
    write("bus", { "nats.conf": busConfig(plan, passwords) }),
    writeApiServer(plan, pki, kept, write),
    write("controller-manager", {
      "ca.crt": pki.ca,
      "bus-password": passwords.component,
      kubeconfig: await clientConfig(pki, CONTROLLER_MANAGER, plan.apiServer),
    }),
    write("dns", { "bus-password": passwords.dns }),
    write("admin", {
      kubeconfig: await clientConfig(pki, ADMIN, plan.apiServer),
      "kubeconfig.outside": await clientConfig(pki, ADMIN, plan.apiServerOutside),
    }),
    ...plan.nodes.map((node) => writeNode({ plan, pki, kept, write }, node)),
  ]);
}

/** What has to stay the same from run to run. */
interface Kept {
  readonly authority: KeyPair;
  readonly signing: { readonly privateKey: string; readonly publicKey: string };
  readonly passwords: BusPasswords;
}

type Write = (component: string, files: Readonly<Record<string, string>>) => Promise<void>;

async function openKept(directory: string): Promise<Kept> {
  const file = join(directory, "kept.json");
  try {
    return JSON.parse(await readFile(file, "utf8")) as Kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw damaged(file, error);
  }
  const kept: Kept = {
    authority: await createAuthority(),
    signing: await createSigningKeys(),
    passwords: createBusPasswords(),
  };
  await mkdir(directory, { recursive: true });
  await writeFile(file, JSON.stringify(kept), { mode: 0o600 });
  return kept;
}

function damaged(file: string, cause: unknown): LabError {
  return new LabError(
    `${file} is damaged: ${(cause as Error).message}`,
    "Remove it, and with it every credential of the cluster, to begin anew.",
    { cause },
  );
}

function createWriter(directory: string, pki: ClusterPki): Write {
  return async (component, files) => {
    const folder = join(directory, component);
    await mkdir(folder, { recursive: true });
    const all = { ...files, "ca.crt": pki.ca };
    for (const [name, text] of Object.entries(all)) {
      const path = join(folder, name);
      await writeFile(path, text, { mode: MODE });
      await chmod(path, MODE);
    }
  };
}

function busConfig({ bus }: ClusterPlan, passwords: BusPasswords): string {
  return natsServerConfig({ host: EVERY_ADDRESS, ...bus, passwords });
}

async function writeApiServer(
  { apiServerAddresses }: ClusterPlan,
  pki: ClusterPki,
  { signing, passwords }: Kept,
  write: Write,
): Promise<void> {
  const addresses = ["localhost", "127.0.0.1", ...apiServerAddresses];
  const serving = await pki.issue(apiServerServing(addresses));
  const client = await pki.issue(KUBELET_CLIENT);
  await write("apiserver", {
    "serving.crt": serving.cert,
    "serving.key": serving.key,
    "kubelet-client.crt": client.cert,
    "kubelet-client.key": client.key,
    "sa.key": signing.privateKey,
    "sa.pub": signing.publicKey,
    "bus-password": passwords.apiserver,
  });
}

interface NodeParts {
  readonly plan: ClusterPlan;
  readonly pki: ClusterPki;
  readonly kept: Kept;
  readonly write: Write;
}

async function writeNode(
  { plan, pki, kept, write }: NodeParts,
  { name, ip }: ClusterPlan["nodes"][number],
): Promise<void> {
  const serving = await pki.issue(nodeServing(name, ip));
  await write(name, {
    "serving.crt": serving.cert,
    "serving.key": serving.key,
    kubeconfig: await clientConfig(pki, nodeClient(name), plan.apiServer),
    "bus-password": kept.passwords.component,
  });
}

async function clientConfig(
  pki: ClusterPki,
  request: CertificateRequest,
  server: string,
): Promise<string> {
  return kubeconfig({ name: "kubehop", server, ca: pki.ca, user: await pki.issue(request) });
}
