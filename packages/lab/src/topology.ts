import { BlockList, isIPv4 } from "node:net";

/** The network that joins the control plane and the nodes; never routed outside the sandbox. */
const FABRIC_CIDR = "172.31.0.0/24";
/** The addresses that Services of type LoadBalancer get where nothing else is said. */
export const LOAD_BALANCER_POOL = "172.31.1.0/24";
/** Where nats-server, the API server and the controllers listen. */
export const CONTROL_PLANE_IP = "172.31.0.1";

const FIRST_NODE_HOST = 10;
const POD_CIDR_BITS = 24;

/** What a node is called and which addresses it has. */
export interface NodeAddresses {
  readonly name: string;
  /** 1 for node-1; also the third byte of its pod CIDR in the default cluster CIDR. */
  readonly number: number;
  /** Its address on the fabric. */
  readonly ip: string;
  /** The addresses of its pods, a /24. */
  readonly podCidr: string;
  /** The first address of the pod CIDR: the node itself as its pods see it. */
  readonly podGateway: string;
}

/** Every address of a lab. */
export interface Topology {
  readonly serviceCidr: string;
  readonly clusterCidr: string;
  /** What Services of type LoadBalancer have as external addresses. */
  readonly loadBalancerPool: string;
  /** The first address of the service CIDR: Service default/kubernetes. */
  readonly kubernetesServiceIp: string;
  /** The tenth address of the service CIDR: Service kube-system/kube-dns. */
  readonly clusterDns: string;
  readonly nodes: readonly NodeAddresses[];
}

/** What a topology is made from. */
export interface TopologyOptions {
  readonly nodes: number;
  /** IPv4, at most /28 long; ClusterIPs come from it. */
  readonly serviceCidr: string;
  /** IPv4, at least one /24 a node and one more. */
  readonly clusterCidr: string;
  /** IPv4; addresses of load balancers. Default LOAD_BALANCER_POOL. */
  readonly loadBalancerPool?: string;
}

/** Gives every address of a lab. Throws when a CIDR is wrong, too small or overlaps another. */
export function createTopology(options: TopologyOptions): Topology {
  const service = parseCidr(options.serviceCidr, "service CIDR");
  const cluster = parseCidr(options.clusterCidr, "cluster CIDR");
  if (service.bits > 28)
    throw new Error(`Service CIDR ${options.serviceCidr} is too small: use /28 or larger.`);
  const pool = parseCidr(options.loadBalancerPool ?? LOAD_BALANCER_POOL, "load balancers' pool");
  refuseOverlap(service, cluster, pool);
  const most = Math.min(2 ** Math.max(0, POD_CIDR_BITS - cluster.bits) - 1, 200);
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > most) {
    throw new Error(
      `${options.nodes} nodes are not possible; cluster CIDR ${options.clusterCidr} has room for 1 to ${most}.`,
    );
  }
  return {
    serviceCidr: options.serviceCidr,
    clusterCidr: options.clusterCidr,
    loadBalancerPool: pool.text,
    kubernetesServiceIp: toAddress(service.base + 1),
    clusterDns: toAddress(service.base + 10),
    nodes: Array.from({ length: options.nodes }, (_, index) => nodeAddresses(index + 1, cluster)),
  };
}

interface Cidr {
  readonly text: string;
  readonly label: string;
  readonly base: number;
  readonly bits: number;
}

function nodeAddresses(number: number, cluster: Cidr): NodeAddresses {
  const base = cluster.base + number * 256;
  const fabric = parseCidr(FABRIC_CIDR, "fabric");
  return {
    name: `node-${number}`,
    number,
    ip: toAddress(fabric.base + FIRST_NODE_HOST + number),
    podCidr: `${toAddress(base)}/${POD_CIDR_BITS}`,
    podGateway: toAddress(base + 1),
  };
}

function parseCidr(text: string, label: string): Cidr {
  const [address, bitsText] = text.split("/");
  const bits = Number(bitsText);
  if (address === undefined || !isIPv4(address) || !/^\d{1,2}$/.test(bitsText ?? "") || bits > 32) {
    throw new Error(`"${text}" is not an IPv4 CIDR; write the ${label} as 10.96.0.0/16.`);
  }
  const base = toNumber(address);
  const size = 2 ** (32 - bits);
  if (base % size !== 0) {
    throw new Error(
      `The ${label} ${text} is no network address; use ${toAddress(base - (base % size))}/${bits}.`,
    );
  }
  return { text, label, base, bits };
}

function refuseOverlap(...given: readonly Cidr[]): void {
  const reserved = [
    parseCidr(FABRIC_CIDR, "lab's own network"),
    parseCidr("127.0.0.0/8", "loopback network"),
    parseCidr("224.0.0.0/3", "multicast and reserved network"),
  ];
  for (const [index, cidr] of given.entries()) {
    const other = [...reserved, ...given.slice(index + 1)].find((one) => overlaps(cidr, one));
    if (other !== undefined) {
      throw new Error(
        `The ${cidr.label} ${cidr.text} overlaps the ${other.label} ${other.text}; choose another.`,
      );
    }
  }
}

function overlaps(a: Cidr, b: Cidr): boolean {
  const [small, large] = a.bits > b.bits ? [a, b] : [b, a];
  const list = new BlockList();
  list.addSubnet(toAddress(large.base), large.bits);
  return list.check(toAddress(small.base));
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
