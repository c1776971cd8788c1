import type { IpFamily, ServiceTable } from "@kubehop/routing";

/** What the rules depend on beside the table; upstream's flags of kube-proxy. */
export interface RulesOptions {
  /** Only the rules of this Service, `ns/name`, without those that all Services share. */
  readonly service?: string;
  /** Default: the family of the node's first address; IPv4 for a node without address. */
  readonly family?: IpFamily;
  /**
   * Where pods come from (`--cluster-cidr`), at most one CIDR a family as upstream; without it
   * pods count as outsiders.
   */
  readonly clusterCidrs?: readonly string[];
  /** The ranges of cluster IPs: nftables drops what goes to an unused address of them. */
  readonly serviceCidrs?: readonly string[];
}

/** The options with every default filled in and what belongs to the other family left out. */
export interface RulesContext {
  readonly service?: string;
  readonly family: IpFamily;
  readonly clusterCidr?: string;
  readonly serviceCidrs: readonly string[];
  /** The node's addresses of the family, the primary one first. */
  readonly nodeIps: readonly string[];
}

/** Fills in the defaults for a table. */
export function toContext({ node }: ServiceTable, options: RulesOptions): RulesContext {
  return createRulesContext(node.addresses, options);
}

/** Fills in the defaults for a node with those addresses. */
export function createRulesContext(
  addresses: readonly string[],
  options: RulesOptions,
): RulesContext {
  const { service, family = familyOf(addresses[0] ?? "0.0.0.0") } = options;
  const ofFamily = (list: readonly string[] = []): string[] =>
    list.filter((text) => familyOf(text) === family);
  const [clusterCidr] = ofFamily(options.clusterCidrs);
  return {
    ...(service !== undefined && { service }),
    ...(clusterCidr !== undefined && { clusterCidr }),
    family,
    serviceCidrs: ofFamily(options.serviceCidrs),
    nodeIps: ofFamily(addresses),
  };
}

/** The family of an address or CIDR. */
export function familyOf(text: string): IpFamily {
  return text.includes(":") ? "IPv6" : "IPv4";
}
