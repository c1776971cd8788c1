import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Bus,
  type BusPasswords,
  type BusUserName,
  connectBus,
  type Logger,
} from "@kubehop/client";
import { natsServerConfig } from "@kubehop/client";
import { freePort } from "./free-port.ts";
import { waitFor } from "./wait-for.ts";

/** Where a nats-server listens. */
export interface NatsOptions {
  /** 127.0.0.1 when absent; 0.0.0.0 also lets other network namespaces reach it. */
  readonly host?: string;
}

/** A real nats-server with JetStream and the bus's users. Disposing removes it all. */
export interface NatsServer extends AsyncDisposable {
  /** nats://127.0.0.1:port; the same after a restart. */
  readonly url: string;
  readonly passwords: BusPasswords;
  /** The version it says it is. */
  readonly version: string;
  /** Connects to the bus as one of its users; the caller disposes the connection. */
  connect(user: BusUserName, logger?: Logger): Promise<Bus>;
  /** Ends the process and waits for its end; the store stays. SIGKILL by default. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and store (ending it first when it runs). */
  restart(): Promise<void>;
}

const PASSWORDS: BusPasswords = {
  apiserver: "apiserver-password",
  component: "component-password",
  dns: "dns-password",
};

/** Swallows everything: most tests want no lines of reconnecting. */
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Starts a nats-server of its own. The binary is `KUBEHOP_NATS_SERVER`, or `nats-server` on the
 * PATH, or the one that `npm run setup` puts below `.toolchain/`.
 */
export async function startNats({ host = "127.0.0.1" }: NatsOptions = {}): Promise<NatsServer> {
  const binary = findBinary();
  const directory = await mkdtemp(join(tmpdir(), "kubehop-nats-"));
  const port = await freePort();
  const configFile = join(directory, "nats.conf");
  const config = { host, port, storeDirectory: directory, passwords: PASSWORDS };
  await writeFile(configFile, natsServerConfig(config));
  let child = await launch(binary, configFile, port);
  const url = `nats://127.0.0.1:${port}`;

  const kill = (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => end(child, signal);
  return {
    url,
    passwords: PASSWORDS,
    version: versionOf(binary),
    connect: (user, logger = SILENT) =>
      connectBus({ url, user, password: PASSWORDS[user], name: "testkit", logger }),
    kill,
    async restart() {
      await kill();
      child = await launch(binary, configFile, port);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function findBinary(): string {
  const configured = process.env["KUBEHOP_NATS_SERVER"];
  const onPath = (process.env["PATH"] ?? "")
    .split(":")
    .map((folder) => join(folder, "nats-server"));
  const root = join(import.meta.dirname, "../../..");
  const own = join(root, ".toolchain/nats/usr/sbin/nats-server");
  const candidates = configured === undefined ? [...onPath, own] : [configured];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new Error(`no nats-server found (${candidates.at(-1)}): run "npm run setup" or install it`);
}

function versionOf(binary: string): string {
  const text = execFileSync(binary, ["--version"], { encoding: "utf8" });
  return text.replace(/^nats-server: v/, "").trim();
}

async function launch(binary: string, configFile: string, port: number): Promise<ChildProcess> {
  const child = spawn(binary, ["--config", configFile], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-4_096);
  });
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`nats-server ended: ${output}`);
      return output.includes("Server is ready") && accepts(port);
    },
    { describe: () => `nats-server on port ${port}; it said: ${output}` },
  );
  return child;
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}
