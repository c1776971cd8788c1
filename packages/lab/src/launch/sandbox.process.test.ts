import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SandboxEvent } from "../sandbox/protocol.ts";
import { createTopology } from "../topology.ts";
import { listenOnHost } from "./listener.ts";
import { chooseSandboxMode } from "./probe.ts";
import { SANDBOX_MODES, type SandboxMode } from "./sandbox-command.ts";
import { type SandboxProcess, startSandboxProcess } from "./sandbox-process.ts";

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
const PATIENCE = { timeout: 60_000 };
const topology = createTopology({
  nodes: 2,
  serviceCidr: "10.96.0.0/16",
  clusterCidr: "10.244.0.0/16",
});
const usual = await chooseSandboxMode(PATH).catch((error: Error) => error);

let directory: string;
let events: SandboxEvent[];
let port: number;

beforeEach(({ skip }) => {
  if (usual instanceof Error) skip(usual.message);
  directory = mkdtempSync(join(tmpdir(), "kubehop-sandbox-"));
  mkdirSync(join(directory, "logs"));
  events = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function start(mode: SandboxMode): Promise<SandboxProcess> {
  const resolvConf = join(directory, "resolv.conf");
  writeFileSync(resolvConf, "nameserver 172.31.0.1\n");
  using listener = await listenOnHost({ host: "127.0.0.1", port: 0, flag: "--api-port" });
  port = listener.port;
  const sandbox = startSandboxProcess({
    mode,
    node: process.execPath,
    env: { PATH },
    listenFds: [listener.fd],
    logPath: join(directory, "logs", "sandbox.log"),
    onEvent: (event) => events.push(event),
  });
  sandbox.send({
    type: "prepare",
    directory,
    logDirectory: join(directory, "logs"),
    network: { topology, nodePorts: "30000-32767", resolvConf },
  });
  return sandbox;
}

/** An HTTP server in node-1 that answers with what a shell command prints there. */
function serveCommand(sandbox: SandboxProcess, command: string): void {
  const program = `const { execSync } = require("child_process");
    require("http").createServer((_, r) => r.end(execSync(${JSON.stringify(command)}))).listen({ fd: 3 });`;
  sandbox.send({
    type: "start",
    process: {
      name: "server",
      listenFd: 3,
      env: { PATH },
      command: ["nsenter", "--net=/run/netns/node-1", process.execPath, "-e", program],
    },
  });
}

function ask(): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get(`http://127.0.0.1:${port}/`, (response) => resolve(text(response))).on("error", reject);
  return promise;
}

/** The host's ids of the processes in a network namespace. */
function processesIn(net: string): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isIn(pid, net));
}

function namespaceOf(pid: string): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}

describe("sandbox", () => {
  const modes = SANDBOX_MODES.filter((mode) => mode.name !== "root" || process.getuid?.() === 0);

  it.each(modes)("joins host, nodes and fabric ($name)", async (mode) => {
    await using sandbox = await start(mode);
    serveCommand(
      sandbox,
      "cat /etc/resolv.conf; ip -o route get 10.96.7.7; ip route get 10.244.2.9; " +
        "ip route get 10.244.1.9 2>&1 || true; cat /proc/sys/net/ipv4/ip_forward",
    );
    await sandbox.prepared;
    const answer = await ask();
    expect(answer).toContain("nameserver 172.31.0.1");
    expect(answer).toContain("local 10.96.7.7 dev lo");
    expect(answer).toContain("10.244.2.9 via 172.31.0.12 dev eth0");
    expect(answer).toContain("No route to host");
    expect(answer.trimEnd().endsWith("1")).toBe(true);
  });

  it("ends everything when it is disposed", async () => {
    const sandbox = await start(usual as SandboxMode);
    serveCommand(sandbox, "sleep 60 & echo started");
    await sandbox.prepared;
    const net = namespaceOf(String(sandbox.pid));
    expect(processesIn(net)).not.toEqual([]);
    await sandbox[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(processesIn(net)).toEqual([]), PATIENCE);
    expect(await sandbox.ended).toBe("exit code 0");
    // A process may have ended before what it wrote is read.
    const last = { type: "exited", name: "server" };
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject(last), PATIENCE);
  });

  it("ends everything when its launcher dies", async () => {
    const sandbox = await start(usual as SandboxMode);
    serveCommand(sandbox, "true");
    await sandbox.prepared;
    const net = namespaceOf(String(sandbox.pid));
    process.kill(sandbox.pid, "SIGKILL");
    await sandbox.ended;
    await vi.waitFor(() => expect(processesIn(net)).toEqual([]), PATIENCE);
  });

  it("says which command of the network failed", async () => {
    const [first, second] = topology.nodes;
    const twice = { ...topology, nodes: [first, first, second] } as typeof topology;
    const sandbox = await start(usual as SandboxMode);
    await sandbox.prepared;
    sandbox.send({
      type: "prepare",
      directory,
      logDirectory: join(directory, "logs"),
      network: {
        topology: twice,
        nodePorts: "30000-32767",
        resolvConf: join(directory, "resolv.conf"),
      },
    });
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe("failed"), PATIENCE);
    expect(events.at(-1)).toMatchObject({ message: expect.stringMatching(/^"ip .*" failed: /) });
    await sandbox[Symbol.asyncDispose]();
    expect(readFileSync(join(directory, "logs", "sandbox.log"), "utf8")).toBe("");
  });
});

function isIn(pid: string, net: string): boolean {
  try {
    return namespaceOf(pid) === net;
  } catch {
    return false;
  }
}
