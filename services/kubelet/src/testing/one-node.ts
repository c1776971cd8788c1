import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContainerStatus, Kinds, type Pod, type PodSpec } from "@kubehop/api";
import { createRestClient, natsServerConfig, type RestClient } from "@kubehop/client";
import { createClusterPki, createSigningKeys, type KeyPair } from "@kubehop/kit/certificates";
import { waitFor } from "@kubehop/testkit";
import { WebSocket } from "ws";

/** Where a cluster of one node runs. */
export interface NodePlace {
  /** Address of the API server and the bus. */
  readonly address: string;
  readonly nodeIp: string;
  readonly podCidr: string;
  /** What the kubelet is started with, e.g. in a network namespace. */
  readonly command: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
  /** The image with a shell that stories call busybox. */
  readonly image: string;
}

/** The node of testing/sandbox.sh. */
export const SANDBOX_NODE: NodePlace = {
  address: "172.31.0.1",
  nodeIp: "172.31.0.11",
  podCidr: "10.244.1.0/24",
  command: ["nsenter", "--net=/run/netns/node-1"],
  flags: {},
  image: "busybox",
};

/** A cluster of one node: real bus, API server, kubelet. */
export interface OneNode extends AsyncDisposable {
  readonly place: NodePlace;
  readonly rest: RestClient;
  /** Path of a kubeconfig for kubectl. */
  readonly kubeconfig: string;
  /** Ends the kubelet as a crash would. */
  killKubelet(): Promise<void>;
  /** Asks the kubelet to stop and gives its exit code. */
  stopKubelet(): Promise<number | null>;
  startKubelet(): void;
  /** Lets the API server take connections and answer nothing, as if the network were lost. */
  hangApiServer(): void;
  createPod(name: string, spec: Partial<PodSpec>): Promise<Pod>;
  pod(name: string): Promise<Pod | undefined>;
  /** Waits until the pod's status fits. */
  waitForPod(name: string, fits: (pod: Pod) => boolean): Promise<Pod>;
  log(name: string, query?: string): Promise<string>;
  /** Runs a shell line in the pod's first container, through the API server's exec. */
  exec(name: string, line: string, tty?: boolean): Promise<ExecOutcome>;
}

/** What a command said and how it ended. */
export interface ExecOutcome {
  readonly output: string;
  /** The Status of channel 3. */
  readonly status: { readonly status?: string; readonly details?: unknown };
}

const SERVICES = join(import.meta.dirname, "..", "..", "..");
const PASSWORDS = { apiserver: "a", component: "c", dns: "d" };

/** Starts it; everything is below a temporary directory. */
export async function startOneNode(place: NodePlace = SANDBOX_NODE): Promise<OneNode> {
  const directory = await mkdtemp(join(tmpdir(), "kubehop-kubelet-"));
  const file = (name: string): string => join(directory, name);
  const user = { ...(await writeFiles(file, place)), server: `https://${place.address}:6443` };
  const children: ChildProcess[] = [];
  const run = (command: readonly string[], env: Record<string, string> = {}): ChildProcess => {
    const [program = "", ...args] = command;
    const all = { PATH: process.env["PATH"] ?? "", ...env };
    const child = spawn(program, args, { env: all, stdio: ["ignore", 2, 2] });
    children.push(child);
    return child;
  };
  run([findNats(), "--config", file("nats.conf")]);
  const apiServer = run(apiServerCommand(file, place), busEnv(place, "apiserver"));
  const startKubelet = (): ChildProcess =>
    run(kubeletCommand(file, place), busEnv(place, "component"));
  const rest = createRestClient({ ...user, userAgent: "test" });
  await waitFor(() => rest.get(Kinds.Namespace, { name: "default" }), { timeoutMs: 60_000 });
  await writeRootCa(rest, user.ca);
  let kubelet = startKubelet();
  const pod = (name: string): Promise<Pod | undefined> =>
    rest.get(Kinds.Pod, { namespace: "default", name }).catch(() => undefined);
  return {
    place,
    rest,
    kubeconfig: file("kubeconfig"),
    pod,
    startKubelet: () => void (kubelet = startKubelet()),
    async killKubelet() {
      kubelet.kill("SIGKILL");
      await waitFor(() => kubelet.signalCode !== null);
    },
    async stopKubelet() {
      const ended = once(kubelet, "exit");
      kubelet.kill("SIGTERM");
      const [code] = (await ended) as [number | null];
      return code;
    },
    hangApiServer: () => void apiServer.kill("SIGSTOP"),
    createPod: (name, spec) => rest.create(Kinds.Pod, podDraft(name, spec, place)),
    waitForPod: (name, fits) => waitForPod(pod, name, fits),
    log: (name, query = "") => readLog(rest, name, query),
    exec: (name, line, tty = false) => exec({ name, line, tty }, user),
    async [Symbol.asyncDispose]() {
      await rest[Symbol.asyncDispose]();
      await Promise.all(children.map(end));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a process still writes must not come back after its files are removed. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** The first container of a pod, as its status has it. */
export function firstContainer(pod: Pod | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.[0];
}

/** Whether a pod is ready. */
export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

async function waitForPod(
  read: (name: string) => Promise<Pod | undefined>,
  name: string,
  fits: (pod: Pod) => boolean,
): Promise<Pod> {
  let seen: Pod | undefined;
  return waitFor(
    async () => {
      seen = await read(name);
      return seen !== undefined && fits(seen) ? seen : undefined;
    },
    { timeoutMs: 60_000, describe: () => `pod ${name}: ${JSON.stringify(seen?.status, null, 1)}` },
  );
}

function podDraft(name: string, given: Partial<PodSpec>, place: NodePlace): Pod {
  const spec = withImage(given, place.image);
  const containers = [{ name: "app", image: "kubehop/sample-app" }];
  const metadata = { name, namespace: "default" };
  const defaults = { nodeName: "node-1", terminationGracePeriodSeconds: 2, containers };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { ...defaults, ...spec } };
}

/** Stories say busybox for "some image with a shell". */
function withImage(spec: Partial<PodSpec>, image: string): Partial<PodSpec> {
  const replaced = (containers: PodSpec["containers"] | undefined): PodSpec["containers"] =>
    (containers ?? []).map((container) =>
      container.image === "busybox" ? { ...container, image } : container,
    );
  const { containers, initContainers } = spec;
  return {
    ...spec,
    ...(containers === undefined ? {} : { containers: replaced(containers) }),
    ...(initContainers === undefined ? {} : { initContainers: replaced(initContainers) }),
  };
}

async function readLog(rest: RestClient, name: string, query: string): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/${name}/log?${query}`;
  const { body } = await rest.request({ method: "GET", path });
  let text = "";
  for await (const chunk of body) text += String(chunk);
  return text;
}

async function exec(
  { name, line, tty }: { readonly name: string; readonly line: string; readonly tty: boolean },
  user: Readonly<Record<"ca" | "cert" | "key" | "server", string>>,
): Promise<ExecOutcome> {
  const query = new URLSearchParams([
    ...["sh", "-c", line].map((word): [string, string] => ["command", word]),
    ["stdout", "true"],
    ["stderr", String(!tty)],
    ["stdin", String(tty)],
    ["tty", String(tty)],
  ]);
  const url = `${user.server.replace("https", "wss")}/api/v1/namespaces/default/pods/${name}/exec?${query.toString()}`;
  const socket = new WebSocket(url, ["v5.channel.k8s.io"], user);
  let output = "";
  let status: ExecOutcome["status"] = {};
  socket.on("message", (data) => {
    const message = data as Buffer;
    const text = message.subarray(1).toString("utf8");
    if (message[0] === 3) status = JSON.parse(text) as ExecOutcome["status"];
    else output += text;
  });
  await once(socket, "close");
  return { output, status };
}

async function writeRootCa(rest: RestClient, ca: string): Promise<void> {
  const metadata = { name: "kube-root-ca.crt", namespace: "default" };
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": ca } };
  await rest.create(Kinds.ConfigMap, object).catch(() => undefined);
  const account = { ...metadata, name: "default" };
  await rest
    .create(Kinds.ServiceAccount, { apiVersion: "v1", kind: "ServiceAccount", metadata: account })
    .catch(() => undefined);
}

async function writeFiles(
  file: (name: string) => string,
  { address, nodeIp }: NodePlace,
): Promise<{ ca: string; cert: string; key: string }> {
  const pki = await createClusterPki();
  const pair = async (name: string, issued: KeyPair): Promise<KeyPair> => {
    await writeFile(file(`${name}.crt`), issued.cert);
    await writeFile(file(`${name}.key`), issued.key);
    return issued;
  };
  const altNames = [address, nodeIp, "127.0.0.1"];
  await pair("server", await pki.issue({ commonName: "test", altNames, usages: ["server"] }));
  const organizations = ["system:masters"];
  const client = await pki.issue({ commonName: "admin", organizations, usages: ["client"] });
  await pair("client", client);
  const { privateKey, publicKey } = await createSigningKeys();
  await writeFile(file("sa.key"), privateKey);
  await writeFile(file("sa.pub"), publicKey);
  await writeFile(file("ca.crt"), pki.ca);
  const nats = {
    host: address,
    port: 4222,
    storeDirectory: file("nats"),
    passwords: PASSWORDS,
  };
  await writeFile(file("nats.conf"), natsServerConfig(nats));
  await writeFile(file("kubeconfig"), kubeconfig(address));
  return { ca: pki.ca, cert: client.cert, key: client.key };
}

function kubeconfig(address: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    clusters: [
      {
        name: "test",
        cluster: { server: `https://${address}:6443`, "certificate-authority": "ca.crt" },
      },
    ],
    users: [
      { name: "test", user: { "client-certificate": "client.crt", "client-key": "client.key" } },
    ],
  });
}

function apiServerCommand(file: (name: string) => string, { address }: NodePlace): string[] {
  const main = join(SERVICES, "apiserver", "src", "main.ts");
  const flags = toFlags({
    "bind-address": address,
    "advertise-address": address,
    "secure-port": "6443",
    "tls-cert-file": file("server.crt"),
    "tls-private-key-file": file("server.key"),
    "client-ca-file": file("ca.crt"),
    "service-account-key-file": file("sa.pub"),
    "service-account-signing-key-file": file("sa.key"),
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "kubelet-client-certificate": file("client.crt"),
    "kubelet-client-key": file("client.key"),
    "kubelet-certificate-authority": file("ca.crt"),
  });
  return [process.execPath, main, ...flags];
}

function kubeletCommand(file: (name: string) => string, place: NodePlace): string[] {
  const main = join(SERVICES, "kubelet", "src", "main.ts");
  const flags = toFlags({
    kubeconfig: file("kubeconfig"),
    "root-dir": file("node"),
    "node-name": "node-1",
    "node-ip": place.nodeIp,
    "pod-cidr": place.podCidr,
    "tls-cert-file": file("server.crt"),
    "tls-private-key-file": file("server.key"),
    "client-ca-file": file("ca.crt"),
    // The wait after the second restart is twice as long: time enough to look at it.
    "crash-loop-back-off": "5s",
    ...place.flags,
  });
  return [...place.command, process.execPath, main, ...flags];
}

function toFlags(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
}

function busEnv({ address }: NodePlace, user: keyof typeof PASSWORDS): Record<string, string> {
  return {
    KUBEHOP_BUS_URL: `nats://${address}:4222`,
    KUBEHOP_BUS_USER: user,
    KUBEHOP_BUS_PASSWORD: PASSWORDS[user],
  };
}

function findNats(): string {
  const own = join(SERVICES, "..", ".toolchain", "nats", "usr", "sbin", "nats-server");
  return process.env["KUBEHOP_NATS_SERVER"] ?? (existsSync(own) ? own : "nats-server");
}
