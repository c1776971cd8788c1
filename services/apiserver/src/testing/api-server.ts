import { createLogger, createMetrics, type Kit, systemClock } from "@kubehop/kit";
import { type ClusterPki, createClusterPki, createSigningKeys } from "@kubehop/kit/certificates";
import { type NatsServer, startNats } from "@kubehop/testkit";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { buildApiServer } from "../api-server.ts";
import type { Config } from "../config.ts";

/** An answer of the server under test. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // The parsed body; tests look into it freely.
  readonly body: any; // oxlint-disable-line typescript/no-explicit-any
}

/** How to send a request. */
export interface RequestOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends no client certificate. */
  readonly anonymous?: boolean;
}

/** An API server on real sockets over a real nats-server. */
export interface TestApiServer extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly port: number;
  readonly url: string;
  /** Path of a kubeconfig whose user is in system:masters. */
  readonly kubeconfig: string;
  readonly pki: ClusterPki;
  /** That user's certificate, for clients of another kind; PEM. */
  readonly credentials: { readonly ca: string; readonly cert: string; readonly key: string };
  /** The directory with its files. */
  readonly directory: string;
  send(path: string, options?: RequestOptions): Promise<Answer>;
  /** The lines of a stream, parsed; ends with the stream or when disposed. */
  stream(path: string, headers?: Readonly<Record<string, string>>): Promise<LineStream>;
  /** Stops the server and starts another one over the same registry, on another port. */
  restart(): Promise<void>;
}

/** Lines of JSON as they come. */
export interface LineStream extends Disposable {
  readonly status: number;
  readonly lines: readonly any[]; // oxlint-disable-line typescript/no-explicit-any
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
}

/** What the test wants to be other than usual. */
export interface TestApiServerOptions {
  /** A nats-server to share with other API servers; it stays the caller's. */
  readonly nats?: NatsServer;
  /** Flags other than those of `writeConfig`. */
  readonly flags?: Partial<Config>;
}

/** Starts an API server, and a nats-server for it if none is given. */
export async function startApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  await using parts = new AsyncDisposableStack();
  const nats = options.nats ?? parts.use(await startNats());
  const directory = await mkdtemp(join(tmpdir(), "kubehop-apiserver-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const pki = await createClusterPki();
  const config = { ...(await writeConfig(directory, pki, nats)), ...options.flags };
  const client = await pki.issue({
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  const credentials = { ca: pki.ca, cert: client.cert, key: client.key };
  const agent = new Agent({ connect: credentials });
  const anonymous = new Agent({ connect: { ca: pki.ca } });
  parts.defer(() => agent.destroy());
  parts.defer(() => anonymous.destroy());
  const kubeconfig = join(directory, "kubeconfig");

  let server = await buildApiServer(config, createKit());
  const describeServer = async (): Promise<void> => {
    await writeFile(kubeconfig, kubeconfigOf(server.port, pki, client));
  };
  await describeServer();
  parts.defer(() => server[Symbol.asyncDispose]());
  const owned = parts.move();
  const urlOf = (path: string): string => `https://127.0.0.1:${server.port}${path}`;
  return {
    nats,
    pki,
    directory,
    kubeconfig,
    credentials,
    get port() {
      return server.port;
    },
    get url() {
      return urlOf("");
    },
    async send(path, { method, body, headers, anonymous: nobody = false } = {}) {
      const answer = await request(urlOf(path), {
        dispatcher: nobody ? anonymous : agent,
        method: (method ?? "GET") as "GET",
        headers: { "content-type": "application/json", ...headers },
        ...(body !== undefined && { body: isRaw(body) ? body : JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      const { statusCode: status, headers: answered } = answer;
      return { status, headers: answered, text, body: parseMaybe(text) };
    },
    stream: (path, headers) => openStream(urlOf(path), agent, headers),
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await buildApiServer(config, createKit());
      await describeServer();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function isRaw(body: unknown): body is string | Buffer {
  return typeof body === "string" || Buffer.isBuffer(body);
}

function createKit(): Kit {
  return {
    name: "apiserver",
    logger: createLogger({ name: "apiserver", level: process.env["TEST_LOG"] ?? "silent" }),
    metrics: createMetrics(),
    clock: systemClock,
    random: Math.random,
    signal: new AbortController().signal,
  };
}

async function openStream(
  url: string,
  agent: Agent,
  headers: Readonly<Record<string, string>> = {},
): Promise<LineStream> {
  const stop = new AbortController();
  const answer = await request(url, { dispatcher: agent, headers, signal: stop.signal });
  const lines: unknown[] = [];
  const read = async (): Promise<void> => {
    let rest = "";
    for await (const chunk of answer.body.setEncoding("utf8")) {
      const parts = (rest + String(chunk)).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts.map((line) => JSON.parse(line) as unknown));
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return { status: answer.statusCode, lines, ended, [Symbol.dispose]: () => stop.abort() };
}

function parseMaybe(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes keys and certificates into a directory; gives flags that name them, port 0. */
export async function writeConfig(
  directory: string,
  pki: ClusterPki,
  nats: NatsServer,
): Promise<Config> {
  const altNames = ["127.0.0.1", "10.96.0.1", "localhost", "kubernetes.default.svc"];
  const serving = await pki.issue({ commonName: "kube-apiserver", altNames, usages: ["server"] });
  const kubelet = await pki.issue({ commonName: "kube-apiserver-kubelet", usages: ["client"] });
  const signing = await createSigningKeys();
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  const ca = await write("ca.crt", pki.ca);
  return {
    bindAddress: "127.0.0.1",
    securePort: 0,
    advertiseAddress: "172.31.0.1",
    serviceClusterIpRange: "10.96.0.0/16",
    serviceNodePortRange: "30000-32767",
    eventTtl: "1h0m0s",
    maxRequestsInflight: 400,
    maxMutatingRequestsInflight: 200,
    shutdownDelayDuration: "0s",
    tlsCertFile: await write("apiserver.crt", serving.cert),
    tlsPrivateKeyFile: await write("apiserver.key", serving.key),
    clientCaFile: ca,
    serviceAccountKeyFile: await write("sa.pub", signing.publicKey),
    serviceAccountSigningKeyFile: await write("sa.key", signing.privateKey),
    serviceAccountIssuer: "https://kubernetes.default.svc.cluster.local",
    kubeletClientCertificate: await write("kubelet-client.crt", kubelet.cert),
    kubeletClientKey: await write("kubelet-client.key", kubelet.key),
    kubeletCertificateAuthority: ca,
    busUrl: nats.url,
    busUser: "apiserver",
    busPassword: nats.passwords.apiserver,
  };
}

function kubeconfigOf(
  port: number,
  pki: ClusterPki,
  client: { readonly cert: string; readonly key: string },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "test",
        cluster: {
          server: `https://127.0.0.1:${port}`,
          "certificate-authority-data": base64(pki.ca),
        },
      },
    ],
    users: [
      {
        name: "admin",
        user: {
          "client-certificate-data": base64(client.cert),
          "client-key-data": base64(client.key),
        },
      },
    ],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}
