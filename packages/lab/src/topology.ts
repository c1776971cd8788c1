import { formatAddress, type IPFamily } from "@kubehop/kit/addresses";
import { type Cidr, overlaps, parseCidr, parseCidrs } from "./cidr.ts";

/** Where nats-server, the API server and the controllers listen. */
export const CONTROL_PLANE_IP = "172.31.0.1";

/** What is the same in every lab, by family. */
interface FamilyDefaults {
  /** The network that joins the control plane and the nodes; never routed outside the sandbox. */
  readonly fabric: Cidr;
  readonly loadBalancerPool: string;
  /** The prefix of a node's pod CIDR. */
  readonly podCidrBits: number;
}

const DEFAULTS: Readonly<Record<IPFamily, FamilyDefaults>> = {
  IPv4: {
    fabric: parseCidr("172.31.0.0/24", "lab's own network"),
    loadBalancerPool: "172.31.1.0/24",
    podCidrBits: 24,
  },
  IPv6: {
    fabric: parseCidr("fd00:172:31::/64", "lab's own network", "IPv6"),
    loadBalancerPool: "fd00:172:31:1::/112",
    podCidrBits: 64,
  },
};

const FIRST_NODE_HOST = 10;
const MAX_NODES = 200;

/** The networks of one IP family. */
export interface FamilyNetwork {
  readonly family: IPFamily;
  /** The control plane's address on the fabric. */
  readonly controlPlaneIp: string;
  /** The prefix of the fabric. */
  readonly fabricBits: number;
  readonly serviceCidr: string;
  readonly clusterCidr: string;
}

/** What a node has of one IP family. */
export interface NodeNetwork {
  /** Its address on the fabric. */
  readonly ip: string;
  /** The addresses of its pods: a /24, for IPv6 a /64. */
  readonly podCidr: string;
  /** The first address of the pod CIDR: the node itself as its pods see it. */
  readonly podGateway: string;
}

/** What a node is called and which addresses it has. */
export interface NodeAddresses {
  readonly name: string;
  /** 1 for node-1; also the third byte of its pod CIDR in the default cluster CIDR. */
  readonly number: number;
  /** One a family, in the order of the topology's. */
  readonly networks: readonly [NodeNetwork, ...NodeNetwork[]];
}

/** Every address of a lab. */
export interface Topology {
  /** IPv4, then IPv6 when the lab has both. */
  readonly networks: readonly FamilyNetwork[];
  /** What Services of type LoadBalancer have as external addresses. */
  readonly loadBalancerPools: readonly string[];
  /** The first address of the service CIDR: Service default/kubernetes. */
  readonly kubernetesServiceIp: string;
  /** The tenth address of the service CIDR: Service kube-system/kube-dns. */
  readonly clusterDns: string;
  readonly nodes: readonly NodeAddresses[];
}

/** What a topology is made from. A second CIDR, of IPv6, makes a dual-stack lab. */
export interface TopologyOptions {
  readonly nodes: number;
  /** IPv4 or `IPv4,IPv6`, each of 16 addresses at least; ClusterIPs come from it. */
  readonly serviceCidr: string;
  /** IPv4 or `IPv4,IPv6`, at least one pod CIDR (/24, /64) a node and one more. */
  readonly clusterCidr: string;
  /** Like these; addresses of load balancers. Default 172.31.1.0/24 and fd00:172:31:1::/112. */
  readonly loadBalancerPool?: string;
}

/** Gives every address of a lab. Throws when a CIDR is wrong, too small or overlaps another. */
export function createTopology(options: TopologyOptions): Topology {
  const services = parseCidrs(options.serviceCidr, "service CIDR");
  const clusters = parseCidrs(options.clusterCidr, "cluster CIDR");
  const families = services.map(({ family }) => family);
  const pools = parseCidrs(
    options.loadBalancerPool ?? defaultPool(families),
    "load balancers' pool",
  );
  refuseOtherFamilies(services, clusters, pools);
  services.forEach(refuseSmall);
  refuseOverlap(...services, ...clusters, ...pools);
  checkNodeCount(options, clusters);
  const [first] = services as [Cidr];
  return {
    networks: services.map((service, index) => networkOf(service, clusters[index] as Cidr)),
    loadBalancerPools: pools.map(({ text }) => text),
    kubernetesServiceIp: hostOf(first, 1),
    clusterDns: hostOf(first, 10),
    nodes: Array.from({ length: options.nodes }, (_, index) => nodeAddresses(index + 1, clusters)),
  };
}

function defaultPool(families: readonly IPFamily[]): string {
  return families.map((family) => DEFAULTS[family].loadBalancerPool).join(",");
}

function networkOf(service: Cidr, cluster: Cidr): FamilyNetwork {
  const { family } = service;
  const { fabric } = DEFAULTS[family];
  return {
    family,
    controlPlaneIp: hostOf(fabric, 1),
    fabricBits: fabric.bits,
    serviceCidr: service.text,
    clusterCidr: cluster.text,
  };
}

function nodeAddresses(number: number, clusters: readonly Cidr[]): NodeAddresses {
  const networks = clusters.map((cluster) => nodeNetwork(number, cluster));
  return { name: `node-${number}`, number, networks: networks as [NodeNetwork, ...NodeNetwork[]] };
}

function nodeNetwork(number: number, { family, base }: Cidr): NodeNetwork {
  const { fabric, podCidrBits } = DEFAULTS[family];
  const podBase = base + BigInt(number) * podCidrSize(family);
  return {
    ip: hostOf(fabric, FIRST_NODE_HOST + number),
    podCidr: `${formatAddress({ family, value: podBase })}/${podCidrBits}`,
    podGateway: formatAddress({ family, value: podBase + 1n }),
  };
}

function podCidrSize(family: IPFamily): bigint {
  return family === "IPv4" ? 1n << 8n : 1n << 64n;
}

function hostOf({ family, base }: Cidr, host: number): string {
  return formatAddress({ family, value: base + BigInt(host) });
}

/** The second CIDR is IPv6 in all of them or in none; the pool alone may do without. */
function refuseOtherFamilies(
  services: readonly Cidr[],
  clusters: readonly Cidr[],
  pools: readonly Cidr[],
): void {
  if (services.length === clusters.length && pools.length <= services.length) return;
  const counted = [services, clusters, pools].map((cidrs) => cidrs.map(({ text }) => text).join());
  throw new Error(
    `A lab with IPv6 has an IPv6 CIDR for Services and one for pods; it was given ${counted[0]} ` +
      `for Services, ${counted[1]} for pods and ${counted[2]} for load balancers.`,
  );
}

function refuseSmall({ text, family, bits }: Cidr): void {
  const most = family === "IPv4" ? 28 : 124;
  if (bits > most) throw new Error(`Service CIDR ${text} is too small: use /${most} or larger.`);
}

function checkNodeCount({ nodes, clusterCidr }: TopologyOptions, clusters: readonly Cidr[]): void {
  const room = clusters.map(({ family, bits }) => {
    return 2 ** Math.max(0, DEFAULTS[family].podCidrBits - bits) - 1;
  });
  const most = Math.min(...room, MAX_NODES);
  if (Number.isInteger(nodes) && nodes >= 1 && nodes <= most) return;
  throw new Error(
    `${nodes} nodes are not possible; cluster CIDR ${clusterCidr} has room for 1 to ${most}.`,
  );
}

const RESERVED: readonly Cidr[] = [
  DEFAULTS.IPv4.fabric,
  DEFAULTS.IPv6.fabric,
  parseCidr("127.0.0.0/8", "loopback network"),
  parseCidr("224.0.0.0/3", "multicast and reserved network"),
  parseCidr("::/64", "loopback and reserved network", "IPv6"),
  parseCidr("fe80::/10", "link-local network", "IPv6"),
  parseCidr("ff00::/8", "multicast network", "IPv6"),
];

function refuseOverlap(...given: readonly Cidr[]): void {
  for (const [index, cidr] of given.entries()) {
    const other = [...RESERVED, ...given.slice(index + 1)].find((one) => overlaps(cidr, one));
    if (other !== undefined) {
      throw new Error(
        `The ${cidr.label} ${cidr.text} overlaps the ${other.label} ${other.text}; choose another.`,
      );
    }
  }
}
