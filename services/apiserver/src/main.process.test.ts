import { flagName } from "@kubehop/kit";
import { type ClusterPki, createClusterPki } from "@kubehop/kit/certificates";
import { type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeConfig } from "./testing/api-server.ts";

let nats: NatsServer;
let pki: ClusterPki;
let directory: string;
let flags: string[];
let agent: Agent;

beforeAll(async () => {
  nats = await startNats();
  directory = await mkdtemp(join(tmpdir(), "kubehop-apiserver-"));
  pki = await createClusterPki();
  const config = await writeConfig(directory, pki, nats);
  flags = Object.entries(config).map(([name, value]) => `--${flagName(name)}=${value}`);
  const client = await pki.issue({
    commonName: "admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  // Hundreds of handshakes at a time would take longer than each of them may.
  agent = new Agent({
    connections: 16,
    connect: { ca: pki.ca, cert: client.cert, key: client.key },
  });
});

afterAll(async () => {
  await agent.destroy();
  await nats[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  output(): string;
}

/** Runs the program; with a server, its listening socket is handed in as descriptor 3. */
async function start(handedIn?: Server): Promise<Started> {
  const { fd } = ((handedIn as unknown as { _handle?: { fd: number } })?._handle ?? {}) as {
    fd?: number;
  };
  const args = fd === undefined ? flags : [...flags, "--listen-fd=3"];
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit", ...(fd === undefined ? [] : [fd])],
  });
  let text = "";
  child.stdout?.on("data", (chunk) => (text += String(chunk)));
  const port = await waitFor(
    () => Number(/"port":(\d+),"msg":"serving"/.exec(text)?.[1]) || false,
    { timeoutMs: 60_000, describe: () => `the API server to serve; it said: ${text}` },
  );
  return { child, port, output: () => text };
}

async function send(port: number, path: string, body?: object): Promise<number> {
  const answer = await request(`https://127.0.0.1:${port}${path}`, {
    dispatcher: agent,
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await answer.body.dump();
  return answer.statusCode;
}

const PATH = "/api/v1/namespaces/default/configmaps";

it("serves on its port and on a socket that was handed in; SIGTERM ends watches and it", async () => {
  const handedIn = createServer().listen(0, "127.0.0.1");
  await once(handedIn, "listening");
  const { port: inherited } = handedIn.address() as { port: number };
  const { child, port } = await start(handedIn);
  handedIn.close();
  expect(await send(port, "/readyz")).toBe(200);
  expect(await send(inherited, "/readyz")).toBe(200);
  const watch = await request(`https://127.0.0.1:${inherited}${PATH}?watch=1`, {
    dispatcher: agent,
  });
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await watch.body.dump();
  expect(await exited).toEqual([0, null]);
});

it("killed with -9 in the middle of writes, it has lost none that it acknowledged", async () => {
  const first = await start();
  const exited = once(first.child, "exit");
  const created: string[] = [];
  const write = async (worker: number): Promise<void> => {
    for (let index = 0; first.child.signalCode === null; index += 1) {
      const name = `killed-${worker}-${index}`;
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
      if ((await send(first.port, PATH, object)) === 201) created.push(name);
    }
  };
  const writers = [0, 1, 2, 3].map((worker) => write(worker).catch(() => {}));
  await waitFor(() => created.length > 100);
  first.child.kill("SIGKILL");
  await exited;
  await Promise.all(writers);

  const second = await start();
  const codes = await Promise.all(created.map((name) => send(second.port, `${PATH}/${name}`)));
  expect(codes.filter((code) => code !== 200)).toEqual([]);
  second.child.kill("SIGTERM");
  await once(second.child, "exit");
});

it("says which flag it can't use", async () => {
  const range = [...flags, "--service-cluster-ip-range=10.96.0.0"];
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...range]);
  let text = "";
  child.stderr.on("data", (chunk) => (text += String(chunk)));
  // Not "exit": what it printed may come after that.
  expect(await once(child, "close")).toEqual([2, null]);
  expect(text).toContain('--service-cluster-ip-range: "10.96.0.0" is no range');
});
