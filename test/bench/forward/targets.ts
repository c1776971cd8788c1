import { once } from "node:events";
import { connect } from "node:net";
import { waitFor } from "@kubehop/testkit";
import { nextMessage, type OwnedProcess } from "../forward-processes.ts";
import { addBareDnat } from "./bare-dnat.ts";
import { atBackends, type BenchNode, createNetwork } from "./network.ts";
import { createService, startKubeProxy, startRegistry } from "./kube-proxies.ts";
import { PEERS, startWebBackend } from "./peers.ts";
import { startProgram } from "./programs.ts";
import { waitForMode } from "./sync-times.ts";
import { BACKEND_PORTS, FRONT_PORTS } from "./wire.ts";

/** Something that brings connections to the backends. */
export interface Target {
  readonly name: string;
  readonly ip: string;
  readonly ports: typeof FRONT_PORTS | typeof BACKEND_PORTS;
  /** Its process, for CPU and memory; none where the kernel forwards, or many processes do. */
  readonly pid?: number;
  readonly udp: boolean;
}

/** All targets, and what could not be one. */
export interface Targets {
  readonly targets: readonly Target[];
  /** Peers that are not installed, and modes that this machine cannot do. */
  readonly absent: readonly string[];
  /** Whether nginx is the web server behind all. */
  readonly web: boolean;
}

type Started = Omit<Targets, "web">;

/** kube-proxy as the bench measures it: named as in its rows. */
const KUBE_PROXIES = [
  { name: "node", mode: "userspace", flags: ["--workers=1", "--forwarder=node"] },
  { name: "epoll", mode: "userspace", flags: ["--workers=1", "--forwarder=epoll"] },
  { name: "epoll, 2 workers", mode: "userspace", flags: ["--workers=2", "--forwarder=epoll"] },
  { name: "nftables", mode: "nftables", flags: [] },
  { name: "iptables", mode: "iptables", flags: [] },
] as const;

/** Lays out the network and starts a forwarder on each node; the stack owns all of it. */
export async function startTargets(
  stack: AsyncDisposableStack,
  directory: string,
): Promise<Targets> {
  const nodes = createNetwork(2 + KUBE_PROXIES.length + PEERS.length);
  const [plain, translating, ...others] = nodes;
  if (plain === undefined || translating === undefined) throw new Error("no node");
  const web = await startBackends(stack, directory);
  const direct: Target = { name: "direct", ip: plain.backendIp, ports: BACKEND_PORTS, udp: true };
  const bare = startBareDnat(translating);
  const ours = await startOurs(stack, others.slice(0, KUBE_PROXIES.length));
  const theirs = await startPeers(stack, others.slice(KUBE_PROXIES.length), directory);
  return {
    targets: [direct, ...bare.targets, ...ours.targets, ...theirs.targets],
    absent: [...bare.absent, ...ours.absent, ...theirs.absent],
    web,
  };
}

async function startBackends(stack: AsyncDisposableStack, directory: string): Promise<boolean> {
  const backend = stack.use(startProgram("backend.ts", atBackends()));
  await nextMessage(backend);
  const web = await startWebBackend(directory);
  if (web !== undefined) stack.use(web);
  return web !== undefined;
}

function startBareDnat(node: BenchNode): Started {
  if (!addBareDnat(node)) return { targets: [], absent: ["bare DNAT (Debian: nftables)"] };
  const target = { name: "bare DNAT", ip: node.clusterIp, ports: FRONT_PORTS, udp: true };
  return { targets: [target], absent: [] };
}

async function startOurs(
  stack: AsyncDisposableStack,
  nodes: readonly BenchNode[],
): Promise<Started> {
  const bench = stack.use(await startRegistry());
  for (const { namespace, clusterIp, backendIp } of nodes) {
    await createService(bench.registry, {
      name: namespace,
      ip: clusterIp,
      ports: (["web", "plain", "udp"] as const).map((name) => ({
        name,
        protocol: name === "udp" ? "UDP" : "TCP",
        port: FRONT_PORTS[name],
        targetPort: BACKEND_PORTS[name],
      })),
      endpoints: [backendIp],
    });
  }
  const started = KUBE_PROXIES.map(async ({ name, mode, flags }, index) => {
    const node = nodes[index];
    if (node === undefined) throw new Error("too few nodes");
    const child = stack.use(startKubeProxy(node, bench, mode, flags));
    await answers(child, name, { ip: node.clusterIp, port: FRONT_PORTS.plain });
    const actual = await waitForMode(child, node);
    const target: Target = {
      name,
      ip: node.clusterIp,
      ports: FRONT_PORTS,
      udp: true,
      ...(mode === "userspace" && child.pid !== undefined && { pid: child.pid }),
    };
    return actual === mode ? target : `${mode} (this machine cannot do it)`;
  });
  return sort(await Promise.all(started));
}

async function startPeers(
  stack: AsyncDisposableStack,
  nodes: readonly BenchNode[],
  directory: string,
): Promise<Started> {
  const started = PEERS.map(async (peer, index) => {
    const node = nodes[index];
    if (node === undefined) throw new Error("too few nodes");
    const child = await peer.start(node, directory);
    if (child === undefined) return `${peer.name} (Debian: ${peer.package})`;
    stack.use(child);
    await answers(child, peer.name, { ip: node.ip, port: FRONT_PORTS.plain });
    const { name, udp = false, forks = false } = peer;
    const target: Target = { name, ip: node.ip, ports: FRONT_PORTS, udp };
    return forks || child.pid === undefined ? target : { ...target, pid: child.pid };
  });
  return sort(await Promise.all(started));
}

function sort(results: readonly (Target | string)[]): Started {
  return {
    targets: results.filter((result) => typeof result !== "string"),
    absent: results.filter((result) => typeof result === "string"),
  };
}

async function answers(
  child: OwnedProcess,
  name: string,
  { ip, port }: { ip: string; port: number },
): Promise<void> {
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} has ended`);
      const socket = connect(port, ip);
      const open = once(socket, "connect").then(
        () => true,
        () => false,
      );
      return await open.finally(() => socket.destroy());
    },
    { timeoutMs: 40_000, describe: `${name} on ${ip}:${port}` },
  );
}
