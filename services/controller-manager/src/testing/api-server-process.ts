import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import { createClusterPki, createSigningKeys } from "@kubehop/kit/certificates";
import { type NatsServer, waitFor } from "@kubehop/testkit";

/** The real API server as a process of its own. */
export interface ApiServerProcess extends AsyncDisposable {
  readonly kubeconfig: string;
  /** The cluster's CA in a file. */
  readonly caFile: string;
  readonly rest: RestClient;
  kill(): Promise<void>;
  /** On the same port. */
  restart(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../../apiserver/src/main.ts");

/** Starts `services/apiserver` on a free port of 127.0.0.1 over a nats-server. */
export async function startApiServerProcess(nats: NatsServer): Promise<ApiServerProcess> {
  const directory = await mkdtemp(join(tmpdir(), "kubehop-controllers-"));
  const port = await freePort();
  const files = await writeFiles(directory, port);
  const rest = createRestClient({ ...loadKubeconfig(files.kubeconfig), userAgent: "test" });
  const args = [...files.args, `--secure-port=${port}`, ...busArgs(nats)];
  let child = await launch(args, rest);
  const kill = (): Promise<void> => end(child);
  return {
    kubeconfig: files.kubeconfig,
    caFile: files.caFile,
    rest,
    kill,
    async restart() {
      await kill();
      child = await launch(args, rest);
    },
    async [Symbol.asyncDispose]() {
      await rest[Symbol.asyncDispose]();
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(args: readonly string[], rest: RestClient): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-8_192);
    });
  }
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`the API server ended: ${output}`);
      const { status, body } = await rest.request({ method: "GET", path: "/readyz" });
      body.resume();
      return status === 200;
    },
    { timeoutMs: 30_000, describe: () => `the API server; it said: ${output}` },
  );
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function busArgs({ url, passwords }: NatsServer): string[] {
  return [`--bus-url=${url}`, "--bus-user=apiserver", `--bus-password=${passwords.apiserver}`];
}

interface Files {
  readonly args: readonly string[];
  readonly kubeconfig: string;
  readonly caFile: string;
}

async function writeFiles(directory: string, port: number): Promise<Files> {
  const pki = await createClusterPki();
  const altNames = ["127.0.0.1", "localhost"];
  const serving = await pki.issue({ commonName: "kube-apiserver", altNames, usages: ["server"] });
  const admin = await pki.issue({
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  const signing = await createSigningKeys();
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  const caFile = await write("ca.crt", pki.ca);
  const server = `https://127.0.0.1:${port}`;
  const kubeconfig = await write("kubeconfig", kubeconfigText(server, pki.ca, admin));
  const clientCert = await write("client.crt", admin.cert);
  const clientKey = await write("client.key", admin.key);
  const args = [
    "--bind-address=127.0.0.1",
    "--advertise-address=172.31.0.1",
    `--tls-cert-file=${await write("apiserver.crt", serving.cert)}`,
    `--tls-private-key-file=${await write("apiserver.key", serving.key)}`,
    `--client-ca-file=${caFile}`,
    `--service-account-key-file=${await write("sa.pub", signing.publicKey)}`,
    `--service-account-signing-key-file=${await write("sa.key", signing.privateKey)}`,
    `--kubelet-client-certificate=${clientCert}`,
    `--kubelet-client-key=${clientKey}`,
    `--kubelet-certificate-authority=${caFile}`,
  ];
  return { args, kubeconfig, caFile };
}

function kubeconfigText(
  server: string,
  ca: string,
  { cert, key }: { readonly cert: string; readonly key: string },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return JSON.stringify({
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": base64(ca) } }],
    users: [
      {
        name: "test",
        user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) },
      },
    ],
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
