import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, type NatsServer, waitFor } from "@kubehop/testkit";
import { addresses, clusterIpOf, HEADLESS, HEADLESS_ENDPOINTS, SERVICES } from "./dns-cluster.ts";
import { findProgram, spawnQuietly } from "./forward-processes.ts";

/** A DNS server under test. */
export interface DnsTarget {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

/** Where servers keep their files, and what ends them. */
export interface TargetOptions {
  readonly stack: AsyncDisposableStack;
  readonly folder: string;
  /** The folder of our programs. */
  readonly programs: string;
}

/** What a DNS server of ours is started with. */
export interface KubehopOptions {
  readonly nats: NatsServer;
  readonly name: string;
  /** Lines of the Corefile by plugin, instead of or beside the cluster's. */
  readonly lines: Readonly<Record<string, string>>;
}

const BUNDLE = join(import.meta.dirname, "../../tools/image/bundle.mjs");
const START_MS = 60_000;
const ZONE = "cluster.local";

/** Bundles our programs as the image has them, into a folder below this one. */
export async function bundlePrograms(folder: string): Promise<string> {
  const programs = join(folder, "programs");
  await promisify(execFile)(process.execPath, [BUNDLE, programs], { timeout: START_MS });
  return programs;
}

/** Starts the DNS server as a container of the image does, with these lines in its Corefile, too. */
export async function startKubehop(
  { stack, folder, programs }: TargetOptions,
  { nats, name, lines }: KubehopOptions,
): Promise<DnsTarget> {
  const { cache = "cache 30", ...others } = lines;
  const conf = join(folder, `Corefile-${name.replaceAll(/\W+/g, "-")}`);
  await writeFile(conf, corefileOf([cache, ...Object.values(others)]));
  const flags = ["--conf", conf, "--log-level", "info", "--bus-url", nats.url];
  const env = {
    ...process.env,
    KUBEHOP_BUS_PASSWORD: nats.passwords.dns,
    MALLOC_ARENA_MAX: "1",
    NODE_OPTIONS: "",
  };
  const child = spawn(process.execPath, [join(programs, "dns.mjs"), ...flags], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.defer(() => end(child));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const port = await waitFor(() => /"port":(\d+)/.exec(output)?.[1], {
    timeoutMs: START_MS,
    describe: () => `${name} to listen; it said: ${output}`,
  });
  return { name, port: Number(port), pid: child.pid as number };
}

/** The Corefile of the cluster's DNS, on free ports. */
function corefileOf(lines: readonly string[]): string {
  return `.:0 {
    bind 127.0.0.1
    errors
    health 127.0.0.1:0 { lameduck 0s }
    ready 127.0.0.1:0
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
        startup_timeout 60s
    }
    prometheus 127.0.0.1:0
    forward . 127.0.0.1:9
    loop
    reload
    loadbalance
    ${lines.join("\n    ")}
}
`;
}

/** The other servers that are installed, with the same names from files. */
export async function startPeers(options: TargetOptions): Promise<DnsTarget[]> {
  const started = [
    await startDnsmasq(options),
    await startKnot(options),
    await startCoredns(options),
  ];
  return started.filter((target) => target !== undefined);
}

/** dnsmasq with the names from a hosts file; it has no SRV and answers those NXDOMAIN. */
async function startDnsmasq({ stack, folder }: TargetOptions): Promise<DnsTarget | undefined> {
  const program = findPeer("dnsmasq");
  if (program === undefined) return undefined;
  const hosts = join(folder, "hosts");
  const lines = allNames().map(([name, ip]) => `${ip} ${name}.default.svc.${ZONE}`);
  await writeFile(hosts, `${lines.join("\n")}\n`, { mode: 0o644 });
  const port = await freePort();
  const child = stack.use(
    spawnQuietly(program, [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--bind-interfaces",
      "--listen-address=127.0.0.1",
      `--port=${port}`,
      "--user=",
      "--group=",
      `--addn-hosts=${hosts}`,
      `--local=/${ZONE}/`,
      "--local-ttl=30",
      "--edns-packet-max=4096",
      "--pid-file=",
    ]),
  );
  return answering({ name: "dnsmasq", port, pid: child.pid as number });
}

/** Knot DNS with one UDP and one TCP worker and a zone file. */
async function startKnot({ stack, folder }: TargetOptions): Promise<DnsTarget | undefined> {
  const program = findPeer("knotd");
  if (program === undefined) return undefined;
  const state = join(folder, "knot");
  await mkdir(state);
  await writeFile(join(state, "zone"), zoneFile());
  const port = await freePort();
  const conf = join(state, "knot.conf");
  await writeFile(
    conf,
    `server:
  rundir: "${state}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  udp-max-payload: 4096
database:
  storage: "${state}"
zone:
  - domain: ${ZONE}
    storage: "${state}"
    file: zone
`,
  );
  const child = stack.use(spawnQuietly(program, ["-c", conf]));
  child.stdout?.resume();
  return answering({ name: "knot", port, pid: child.pid as number });
}

/** CoreDNS (`coredns` on the PATH, or COREDNS_BIN) with the cluster's plugins and a zone file. */
async function startCoredns({ stack, folder }: TargetOptions): Promise<DnsTarget | undefined> {
  const program = process.env["COREDNS_BIN"] ?? findPeer("coredns");
  if (program === undefined) return undefined;
  const zone = join(folder, "coredns.zone");
  await writeFile(zone, zoneFile());
  const [port, metrics] = [await freePort(), await freePort()];
  const conf = join(folder, "Corefile-coredns");
  await writeFile(
    conf,
    `.:${port} {
    bind 127.0.0.1
    errors
    file ${zone} ${ZONE}
    prometheus 127.0.0.1:${metrics}
    forward . 127.0.0.1:9
    cache 30
    loadbalance
}
`,
  );
  const child = stack.use(spawnQuietly(program, ["-conf", conf]));
  child.stdout?.resume();
  return answering({ name: "coredns", port, pid: child.pid as number });
}

/** A peer that is not installed is told of, so that nobody takes its rows for forgotten. */
function findPeer(name: string): string | undefined {
  const program = findProgram(name);
  if (program === undefined)
    process.stderr.write(`bench: ${name} is not installed: no rows of it\n`);
  return program;
}

function allNames(): (readonly [name: string, ip: string])[] {
  const services = Array.from(
    { length: SERVICES },
    (_, index) => [`svc-${index}`, clusterIpOf(index)] as const,
  );
  return [...services, ...addresses(HEADLESS_ENDPOINTS).map((ip) => [HEADLESS, ip] as const)];
}

function zoneFile(): string {
  const records = allNames().flatMap(([name, ip]) => [
    `${name}.default.svc A ${ip}`,
    `_http._tcp.${name}.default.svc SRV 0 100 80 ${name}.default.svc`,
  ]);
  const soa = `@ SOA ns.dns hostmaster 1 7200 1800 86400 30`;
  return [
    `$ORIGIN ${ZONE}.`,
    "$TTL 30",
    soa,
    "@ NS ns.dns",
    "ns.dns A 10.96.0.10",
    ...records,
    "",
  ].join("\n");
}

async function answering(target: DnsTarget): Promise<DnsTarget> {
  // . A with RD.
  const question = Buffer.from("0001010000010000000000000000010001", "hex");
  const socket = createSocket("udp4");
  try {
    const answer = once(socket, "message");
    const ask = async (): Promise<boolean> => {
      socket.send(question, target.port, "127.0.0.1");
      const wait = new Promise((resolve) => setTimeout(resolve, 100, undefined));
      return (await Promise.race([answer, wait])) !== undefined;
    };
    await waitFor(ask, { timeoutMs: START_MS, describe: () => `${target.name} to answer` });
    return target;
  } finally {
    socket.close();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
