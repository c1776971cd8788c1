import { execFileSync } from "node:child_process";

/** A node between clients and backends, in a network namespace of its own. */
export interface BenchNode {
  /** What `ip netns exec` calls it. */
  readonly namespace: string;
  /** Its address on the clients' side, and theirs. */
  readonly ip: string;
  readonly clientIp: string;
  /** The backends' address behind it. */
  readonly backendIp: string;
  /** The cluster IP that clients reach through it. */
  readonly clusterIp: string;
}

/** Where clients and pods of the bench have their addresses, and Services theirs. */
export const CLUSTER_CIDRS = ["172.30.0.0/16", "10.244.0.0/16"] as const;
export const SERVICE_CIDR = "10.96.0.0/12";
const BACKENDS = "backends";
/** More outgoing ports than usual, and the ports of servers kept out of them. */
const SYSCTLS = ["net.ipv4.ip_local_port_range=10000 65535", "net.ipv4.ip_forward=1"];

/**
 * Lays the network out: clients in the present namespace, a namespace for all backends, and the
 * given number of nodes between them, each on veth pairs of its own. They end with this process's
 * namespaces.
 */
export function createNetwork(nodes: number): BenchNode[] {
  ip("netns", "add", BACKENDS);
  setUp(BACKENDS);
  setUp(undefined);
  return Array.from({ length: nodes }, (_, index) => addNode(index + 1));
}

/** A command that runs in a node's namespace, or the backends'. */
export function inside(namespace: string, ...command: string[]): [string, ...string[]] {
  return ["ip", "netns", "exec", namespace, ...command];
}

/** A command that runs where the backends are. */
export function atBackends(...command: string[]): [string, ...string[]] {
  return inside(BACKENDS, ...command);
}

function addNode(number: number): BenchNode {
  const node: BenchNode = {
    namespace: `node-${number}`,
    clientIp: `172.30.${number}.1`,
    ip: `172.30.${number}.2`,
    backendIp: `10.244.${number}.2`,
    clusterIp: `10.96.${number}.10`,
  };
  const [front, back] = [`10.244.${number}.1`, `pod-${number}`];
  ip("netns", "add", node.namespace);
  setUp(node.namespace);
  ip("link", "add", node.namespace, "type", "veth", "peer", "clients", "netns", node.namespace);
  ip(
    "link",
    "add",
    back,
    "netns",
    BACKENDS,
    "type",
    "veth",
    "peer",
    "pods",
    "netns",
    node.namespace,
  );
  address(undefined, node.namespace, node.clientIp);
  address(node.namespace, "clients", node.ip);
  address(node.namespace, "pods", front);
  address(BACKENDS, back, node.backendIp);
  for (const destination of [`10.244.${number}.0/24`, `10.96.${number}.0/24`]) {
    ip("route", "add", destination, "via", node.ip);
  }
  ip("-n", BACKENDS, "route", "add", `172.30.${number}.0/24`, "via", front);
  return node;
}

function address(namespace: string | undefined, device: string, own: string): void {
  const where = namespace === undefined ? [] : ["-n", namespace];
  ip(...where, "addr", "add", `${own}/24`, "dev", device);
  ip(...where, "link", "set", device, "up");
}

function setUp(namespace: string | undefined): void {
  const where = namespace === undefined ? [] : inside(namespace);
  for (const setting of SYSCTLS) run(...where, "sysctl", "-qw", setting);
  if (namespace !== undefined) ip("-n", namespace, "link", "set", "lo", "up");
}

function ip(...args: string[]): void {
  run("ip", ...args);
}

function run(...[program = "", ...args]: string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });
}
