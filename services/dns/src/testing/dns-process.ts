import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NatsServer, waitFor } from "@kubehop/testkit";

const MAIN = join(import.meta.dirname, "../main.ts");
const START_MS = 60_000;

/** A DNS server in a process of its own. */
export interface DnsProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The first port that it answers DNS on. */
  readonly port: number;
  /** Lines logged so far, as JSON. */
  log(): readonly string[];
  /** Octets of memory that it has (VmRSS). */
  memory(): Promise<number>;
  /** Datagrams that the kernel threw away because the process did not take them in time. */
  droppedDatagrams(): Promise<number>;
}

/** What a process is started with. */
export interface DnsProcessOptions {
  readonly corefile: string;
  /** The bus, for `kubernetes`. */
  readonly nats?: NatsServer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the server as its users do and waits until it listens. */
export async function startDnsProcess(options: DnsProcessOptions): Promise<DnsProcess> {
  const folder = await mkdtemp(join(tmpdir(), "kubehop-dns-"));
  const conf = join(folder, "Corefile");
  await writeFile(conf, options.corefile);
  const env = { ...process.env, ...busEnvironment(options.nats), ...options.env };
  const child = spawn(process.execPath, [MAIN, "--conf", conf], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const port = await waitFor(() => /"port":(\d+)/.exec(output)?.[1], {
    timeoutMs: START_MS,
    describe: () => `the DNS process to listen; it said: ${output}`,
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    child,
    port: Number(port),
    log: () => output.split("\n").filter((line) => line !== ""),
    memory: () => readMemory(child.pid),
    droppedDatagrams: () => readDrops(child.pid, Number(port)),
    [Symbol.asyncDispose]: end,
  };
}

function busEnvironment(nats: NatsServer | undefined): Record<string, string> {
  if (nats === undefined) return {};
  return {
    NATS_SERVICE_HOST: "127.0.0.1",
    NATS_SERVICE_PORT: new URL(nats.url).port,
    KUBEHOP_BUS_PASSWORD: nats.passwords.dns,
  };
}

async function readMemory(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** The last column of the socket's line in /proc/PID/net/udp; addresses are written in hex. */
async function readDrops(pid: number | undefined, port: number): Promise<number> {
  const table = await readFile(`/proc/${pid}/net/udp`, "utf8");
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = table.split("\n").find((each) => each.trim().split(/\s+/)[1]?.endsWith(`:${hex}`));
  return Number(line?.trim().split(/\s+/).at(-1));
}
