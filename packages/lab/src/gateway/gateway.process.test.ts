import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { createClusterPki, type KeyPair } from "@kubehop/kit/certificates";
import { checkTcp } from "@kubehop/tunnel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenOnHost } from "../launch/listener.ts";

const resources = new AsyncDisposableStack();
let ca: string;
let administrator: KeyPair;
let kubelet: KeyPair;
let stranger: KeyPair;
let gatewayPort: number;
let targetPort: number;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "kubehop-gateway-"));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const [pki, other] = await Promise.all([createClusterPki(), createClusterPki()]);
  ca = pki.ca;
  administrator = await pki.issue(client("kubernetes-admin", "system:masters"));
  kubelet = await pki.issue(client("system:node:node-1", "system:nodes"));
  stranger = await other.issue(client("kubernetes-admin", "system:masters"));
  const serving = await pki.issue({
    commonName: "gateway",
    usages: ["server"],
    altNames: ["127.0.0.1"],
  });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  targetPort = await listening(createServer((socket) => socket.end("hello")));
  gatewayPort = await startGateway([
    `--tls-cert-file=${await write("crt", serving.cert)}`,
    `--tls-private-key-file=${await write("key", serving.key)}`,
    `--client-ca-file=${await write("ca", ca)}`,
  ]);
});

afterAll(() => resources.disposeAsync());

test("an administrator reaches what the gateway reaches", async () => {
  await expect(dial(administrator, targetPort)).resolves.toBeUndefined();
});

test("what refuses is said to refuse", async () => {
  await expect(dial(administrator, 1)).rejects.toThrow("dial tcp 127.0.0.1:1: ECONNREFUSED");
});

test.each([
  ["a kubelet", () => kubelet],
  ["an administrator of another cluster", () => stranger],
])("%s is turned away", async (_who, certificate) => {
  await expect(dial(certificate(), targetPort)).rejects.toThrow(/ECONNRESET|ERR_SSL/);
});

function dial(certificate: KeyPair, port: number): Promise<void> {
  const open = async (): Promise<Duplex> => {
    const socket = connect({ host: "127.0.0.1", port: gatewayPort, ca, ...certificate });
    await once(socket, "secureConnect");
    return socket;
  };
  const target = { protocol: "TCP", host: "127.0.0.1", port } as const;
  return checkTcp({ open, target, dialTimeoutMs: 5_000 });
}

function client(commonName: string, organization: string) {
  return { commonName, organizations: [organization], usages: ["client"] as const };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(() => void server.close());
  return (server.address() as { port: number }).port;
}

/** The gateway as a lab starts it: it is handed a listening socket as descriptor 3. */
async function startGateway(flags: readonly string[]): Promise<number> {
  using listener = await listenOnHost({ host: "127.0.0.1", port: 0, flag: "" });
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, [main, "--listen-fd=3", ...flags], {
    stdio: ["ignore", "pipe", "inherit", listener.fd],
  });
  resources.defer(async () => {
    child.kill();
    await once(child, "exit");
  });
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    if (chunk.toString().includes("listening")) break;
  }
  return listener.port;
}
