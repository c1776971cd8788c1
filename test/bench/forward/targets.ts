import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EndpointSlice,
  Kinds,
  registryKey,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import { openRegistry } from "@kubehop/client";
import { startNats, waitFor } from "@kubehop/testkit";
import { findProgram, spawnQuietly } from "./forward-processes.ts";

/** Something that brings connections to the backend. */
export interface Target {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  /** Its process, for its CPU time; none for the direct way. */
  readonly pid?: number;
}

interface Address {
  readonly ip: string;
  readonly port: number;
}

const KUBE_PROXY = join(import.meta.dirname, "../../services/kube-proxy/src/main.ts");

/** Starts kube-proxy with one Service in front of the backend, on a nats-server of its own. */
export async function startKubeProxy(
  stack: AsyncDisposableStack,
  { ip: endpointIp, port: targetPort }: Address,
  flags: readonly string[] = [],
): Promise<Target> {
  const nats = stack.use(await startNats());
  const bus = stack.use(await nats.connect("apiserver"));
  const registry = stack.use(await openRegistry(bus));
  const address = { ip: "127.96.255.1", port: await freePort() };
  const objects = serviceObjects(address, { ip: endpointIp, port: targetPort });
  for (const [key, object] of objects) {
    await registry.create(key, new TextEncoder().encode(JSON.stringify(object)));
  }
  const child = stack.use(
    spawnQuietly(process.execPath, [
      KUBE_PROXY,
      "--node-name=bench",
      "--node-ip=127.0.0.1",
      "--healthz-port=0",
      "--metrics-port=0",
      `--bus-url=${nats.url}`,
      `--bus-password=${nats.passwords.component}`,
      ...flags,
    ]),
  );
  return listening(child, { name: ["kube-proxy", ...flags].join(" "), ...address });
}

/** Starts nginx's stream module with one worker and its default buffers, when it is installed. */
export async function startNginx(
  stack: AsyncDisposableStack,
  backend: Address,
): Promise<Target | undefined> {
  const program = findProgram("nginx");
  if (program === undefined) return undefined;
  const address = { ip: "127.0.0.1", port: await freePort() };
  const directory = await temporaryDirectory(stack);
  const config = `daemon off; master_process off; worker_processes 1; pid ${directory}/nginx.pid;
    ${process.getuid?.() === 0 ? "user root;" : ""} error_log stderr crit;
    include /etc/nginx/modules-enabled/*stream*.conf;
    events { worker_connections 4096; }
    stream { server { listen ${address.ip}:${address.port} backlog=4096;
      proxy_pass ${backend.ip}:${backend.port}; } }`;
  const file = join(directory, "nginx.conf");
  await writeFile(file, config);
  const child = stack.use(spawnQuietly(program, ["-e", "stderr", "-c", file]));
  return listening(child, { name: "nginx stream", ...address });
}

/** Starts HAProxy in TCP mode with one thread, when it is installed. */
export async function startHaproxy(
  stack: AsyncDisposableStack,
  backend: Address,
): Promise<Target | undefined> {
  const program = findProgram("haproxy");
  if (program === undefined) return undefined;
  const address = { ip: "127.0.0.1", port: await freePort() };
  const directory = await temporaryDirectory(stack);
  const config = `global
  nbthread 1
  maxconn 4096
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind ${address.ip}:${address.port} backlog 4096
  server backend ${backend.ip}:${backend.port}
`;
  const file = join(directory, "haproxy.cfg");
  await writeFile(file, config);
  const child = stack.use(spawnQuietly(program, ["-db", "-f", file]));
  return listening(child, { name: "HAProxy", ...address });
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function temporaryDirectory(stack: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "kubehop-bench-"));
  return stack.adopt(directory, (path) => rm(path, { recursive: true, force: true }));
}

async function listening(child: ChildProcess, target: Target): Promise<Target> {
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`${target.name} has ended`);
      const socket = connect(target.port, target.ip);
      await once(socket, "connect").finally(() => socket.destroy());
      return true;
    },
    { timeoutMs: 20_000, describe: `${target.name} on ${target.ip}:${target.port}` },
  );
  return child.pid === undefined ? target : { ...target, pid: child.pid };
}

function serviceObjects(frontend: Address, backend: Address): [string, Service | EndpointSlice][] {
  const metadata = { name: "bench", namespace: "default" };
  const service: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      type: "ClusterIP",
      clusterIP: frontend.ip,
      clusterIPs: [frontend.ip],
      ports: [{ protocol: "TCP", port: frontend.port, targetPort: backend.port }],
    },
  };
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { [SERVICE_NAME_LABEL]: metadata.name } },
    addressType: "IPv4",
    ports: [{ name: "", protocol: "TCP", port: backend.port }],
    endpoints: [{ addresses: [backend.ip], conditions: { ready: true } }],
  };
  return [
    [registryKey(Kinds.Service, metadata), service],
    [registryKey(Kinds.EndpointSlice, metadata), slice],
  ];
}
