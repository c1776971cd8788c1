import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import { createClusterPki, createSigningKeys } from "@kubehop/kit/certificates";
import { kubeconfig } from "@kubehop/lab";
import { freePort } from "./free-port.ts";
import type { NatsServer } from "./nats.ts";
import { waitFor } from "./wait-for.ts";

/** The real API server as a process of its own; disposing it ends it and removes its files. */
export interface ApiServerProcess extends AsyncDisposable {
  /** Path of a kubeconfig for its administrator. */
  readonly kubeconfig: string;
  /** A directory for the test's files; removed at the end. */
  readonly directory: string;
  /** The cluster's CA in a file. */
  readonly caFile: string;
  readonly rest: RestClient;
  /** Writes a kubeconfig for a user with a certificate of his own; gives its path. */
  kubeconfigFor(user: string, ...groups: string[]): Promise<string>;
  /** Its process's number; another one after a restart. */
  readonly pid: number;
  /** How its process ended; null while it runs, or when a signal ended it. */
  readonly exitCode: number | null;
  /** Ends it, as a crash would unless another signal is given, and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** On the same port (ending it first when it runs). */
  restart(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../../services/apiserver/src/main.ts");

/** What is to be other than usual. */
export interface ApiServerOptions {
  /** A server whose CA, keys and users it shares, as the API servers of one cluster do. */
  readonly peer?: ApiServerProcess;
  /** Further flags, or others than usual: `--event-ttl=1s`. */
  readonly flags?: readonly string[];
}

const filesOf = new WeakMap<ApiServerProcess, Files>();

/** Starts `services/apiserver` on a free port of 127.0.0.1 over a nats-server. */
export async function startApiServer(
  nats: NatsServer,
  { peer, flags = [] }: ApiServerOptions = {},
): Promise<ApiServerProcess> {
  const directory = await mkdtemp(join(tmpdir(), "kubehop-apiserver-"));
  const port = await freePort();
  const shared = peer && filesOf.get(peer);
  const files =
    shared === undefined
      ? await writeFiles(directory, port)
      : await shareFiles(shared, directory, port);
  const rest = createRestClient({ ...loadKubeconfig(files.kubeconfig), userAgent: "test" });
  const args = [...files.args, `--secure-port=${port}`, ...busArgs(nats), ...flags];
  let child = await launch(args, rest);
  const kill = (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => end(child, signal);
  const server: ApiServerProcess = {
    kubeconfig: files.kubeconfig,
    directory,
    caFile: files.caFile,
    kubeconfigFor: files.kubeconfigFor,
    rest,
    get pid() {
      return child.pid ?? 0;
    },
    get exitCode() {
      return child.exitCode;
    },
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
  filesOf.set(server, files);
  return server;
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
    { timeoutMs: 60_000, describe: () => `the API server; it said: ${output}` },
  );
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

function busArgs({ url, passwords }: NatsServer): string[] {
  return [`--bus-url=${url}`, "--bus-user=apiserver", `--bus-password=${passwords.apiserver}`];
}

interface Files {
  readonly args: readonly string[];
  readonly kubeconfig: string;
  readonly caFile: string;
  readonly kubeconfigFor: ApiServerProcess["kubeconfigFor"];
}

/** The files of another server, and a kubeconfig that leads to the own port. */
async function shareFiles(files: Files, directory: string, port: number): Promise<Files> {
  const text = await readFile(files.kubeconfig, "utf8");
  const path = join(directory, "kubeconfig");
  await writeFile(path, text.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`));
  return { ...files, kubeconfig: path };
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
  const config = kubeconfig({ name: "test", server, ca: pki.ca, user: admin });
  const kubeconfigFor: Files["kubeconfigFor"] = async (commonName, ...organizations) => {
    const user = await pki.issue({ commonName, organizations, usages: ["client"] });
    const name = `${commonName.replaceAll(":", "-")}.kubeconfig`;
    return write(name, kubeconfig({ name: "test", server, ca: pki.ca, user }));
  };
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
  return { args, kubeconfig: await write("kubeconfig", config), caFile, kubeconfigFor };
}
