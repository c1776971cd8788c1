import { createClusterPki, createSigningKeys } from "@kubehop/kit/certificates";
import { startNats, waitFor } from "@kubehop/testkit";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../services/apiserver/src/main.ts");

/** The API server as a process of its own over a nats-server of its own. */
export interface ApiServerProcess extends AsyncDisposable {
  /** Path of a kubeconfig for its administrator. */
  readonly kubeconfig: string;
  /** A directory for the test's files; removed at the end. */
  readonly directory: string;
}

/** Starts both on free ports of 127.0.0.1. */
export async function startApiServerProcess(): Promise<ApiServerProcess> {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startNats());
  const directory = await mkdtemp(join(tmpdir(), "kubehop-conformance-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const pki = await createClusterPki();
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  const serving = await pki.issue({
    commonName: "kube-apiserver",
    altNames: ["127.0.0.1"],
    usages: ["server"],
  });
  const admin = await pki.issue({
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  const signing = await createSigningKeys();
  const ca = await write("ca.crt", pki.ca);
  const cert = await write("apiserver.crt", serving.cert);
  const key = await write("apiserver.key", serving.key);
  const flags = {
    "bind-address": "127.0.0.1",
    "secure-port": "0",
    "advertise-address": "192.0.2.1",
    "tls-cert-file": cert,
    "tls-private-key-file": key,
    "client-ca-file": ca,
    "service-account-key-file": await write("sa.pub", signing.publicKey),
    "service-account-signing-key-file": await write("sa.key", signing.privateKey),
    "kubelet-client-certificate": await write("admin.crt", admin.cert),
    "kubelet-client-key": await write("admin.key", admin.key),
    "kubelet-certificate-authority": ca,
    "bus-url": nats.url,
    "bus-password": nats.passwords.apiserver,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  parts.defer(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => void (output += data.toString()));
  const port = await waitFor(() => /"port":(\d+),"msg":"serving"/.exec(output)?.[1], {
    describe: () => `the API server to serve; it wrote: ${output}`,
  });
  const server = `https://127.0.0.1:${port}`;
  const cluster = { server, "certificate-authority-data": base64(pki.ca) };
  const user = {
    "client-certificate-data": base64(admin.cert),
    "client-key-data": base64(admin.key),
  };
  const kubeconfig = await write("kubeconfig", kubeconfigOf(cluster, user));
  const owned = parts.move();
  return { kubeconfig, directory, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function kubeconfigOf(cluster: object, user: object): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "admin", user }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}
