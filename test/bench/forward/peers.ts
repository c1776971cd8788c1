import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { atBackends, type BenchNode, inside } from "./network.ts";
import { findProgram, type OwnedProcess } from "../forward-processes.ts";
import { startCommand } from "./programs.ts";
import { BACKEND_PORTS, FRONT_PORTS } from "./wire.ts";

/** A forwarder that is not ours, on a node of its own. */
export interface Peer {
  readonly name: string;
  /** Debian's name of what is missing when it is not installed. */
  readonly package: string;
  /** Starts it; undefined when it is not installed. `directory` is for its configuration. */
  start(node: BenchNode, directory: string): Promise<OwnedProcess | undefined>;
  /** It forks a process for each connection: no CPU or memory of one process to tell. */
  readonly forks?: boolean;
  readonly udp?: boolean;
}

const PAIRS = (["web", "plain"] as const).map((name) => ({
  front: FRONT_PORTS[name],
  back: BACKEND_PORTS[name],
}));

/** nginx stream (one worker, default buffers), HAProxy in TCP mode (one thread), socat. */
export const PEERS: readonly Peer[] = [
  { name: "nginx stream", package: "nginx libnginx-mod-stream", udp: true, start: startNginx },
  { name: "HAProxy", package: "haproxy", start: startHaproxy },
  { name: "socat", package: "socat", forks: true, start: startSocat },
];

async function startNginx(
  { namespace, ip, backendIp }: BenchNode,
  directory: string,
): Promise<OwnedProcess | undefined> {
  const program = findProgram("nginx");
  const module = moduleLine("stream");
  if (program === undefined || module === undefined) return undefined;
  const servers = PAIRS.map(
    ({ front, back }) =>
      `server { listen ${ip}:${front} backlog=4096; proxy_pass ${backendIp}:${back}; }`,
  );
  const udp = `server { listen ${ip}:${FRONT_PORTS.udp} udp; proxy_pass ${backendIp}:${BACKEND_PORTS.udp}; }`;
  const file = join(directory, "stream.conf");
  await writeFile(
    file,
    `${module} ${nginxMain(directory, "stream")} stream { ${servers.join("\n")} ${udp} }`,
  );
  return startCommand(inside(namespace, program, "-e", "stderr", "-c", file));
}

/** Starts nginx as the web server behind all; undefined when it is not installed. */
export async function startWebBackend(directory: string): Promise<OwnedProcess | undefined> {
  const program = findProgram("nginx");
  if (program === undefined) return undefined;
  const file = join(directory, "web.conf");
  await writeFile(
    file,
    `${nginxMain(directory, "web")}
    http { access_log off; keepalive_requests 100000000; server {
      listen 0.0.0.0:${BACKEND_PORTS.web} backlog=4096; location / { return 200 "hello\\n"; } } }`,
  );
  return startCommand(atBackends(program, "-e", "stderr", "-c", file));
}

function nginxMain(directory: string, name: string): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `daemon off; master_process off; worker_processes 1; pid ${directory}/${name}.pid; ${user}
    error_log stderr crit; worker_rlimit_nofile 20000; events { worker_connections 20000; }`;
}

/** Debian builds stream as a module; elsewhere it may be built in. */
function moduleLine(name: string): string | undefined {
  const directory = "/usr/lib/nginx/modules";
  if (!existsSync(directory)) return "";
  const file = readdirSync(directory).find((entry) => entry === `ngx_${name}_module.so`);
  return file === undefined ? undefined : `load_module ${join(directory, file)};`;
}

async function startHaproxy(
  { namespace, ip, backendIp }: BenchNode,
  directory: string,
): Promise<OwnedProcess | undefined> {
  const program = findProgram("haproxy");
  if (program === undefined) return undefined;
  const listeners = PAIRS.map(
    ({ front, back }) => `listen port-${front}
  bind ${ip}:${front} backlog 4096
  server backend ${backendIp}:${back}
`,
  );
  const file = join(directory, "haproxy.cfg");
  await writeFile(
    file,
    `global
  nbthread 1
  maxconn 9000
defaults
  mode tcp
  maxconn 9000
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${listeners.join("")}`,
  );
  return startCommand(inside(namespace, program, "-db", "-f", file));
}

async function startSocat(node: BenchNode): Promise<OwnedProcess | undefined> {
  const program = findProgram("socat");
  if (program === undefined) return undefined;
  const commands = PAIRS.map(
    ({ front, back }) =>
      `${program} TCP-LISTEN:${front},bind=${node.ip},fork,reuseaddr,backlog=4096,nodelay ` +
      `TCP:${node.backendIp}:${back},nodelay 2>/dev/null & pids="$pids $!";`,
  );
  return startCommand(
    inside(node.namespace, "sh", "-c", `pids=; trap 'kill $pids' TERM; ${commands.join(" ")} wait`),
  );
}
