import { type EndpointSlice, type IPFamily, Kinds, type Node, type Service } from "@kubehop/api";
import { buildTable, isProxied, type ProxyNode } from "@kubehop/routing";
import { renderRules, RULES_MODES, type RulesMode } from "@kubehop/rules";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { accessCluster, requireLab } from "../lab-access.ts";
import { toProxyNode } from "../proxy-node.ts";
import { withName, withNamespace } from "./options.ts";

interface RulesArguments {
  readonly name: string;
  readonly namespace: string;
  readonly mode: RulesMode;
  readonly node?: string;
  readonly family?: IPFamily;
}

/** What the rules are made from. */
export interface ProxiedCluster {
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly resourceVersion: string;
  /** One a family, with commas. */
  readonly clusterCidr: string;
  /** Likewise. */
  readonly serviceCidr: string;
}

/** Which rules to show. */
export interface RulesRequest {
  readonly mode: RulesMode;
  /** Default: the first node. */
  readonly node?: string;
  /** `NS/NAME`; default: every Service. */
  readonly service?: string;
  /** Default: the Service's first, or the lab's. */
  readonly family?: IPFamily;
}

/** `kubehop rules`: what a kernel proxy mode would install for the lab's Services. */
export function addRules(program: Command, context: CliContext): void {
  withNamespace(withName(program.command("rules")))
    .description("print the rules that kube-proxy would install for the Services in a kernel mode")
    .argument("[service]", "SERVICE or NAMESPACE/SERVICE; default every Service")
    .addOption(
      new Option("--mode <mode>", "the proxy mode").choices(RULES_MODES).default("iptables"),
    )
    .option("--node <node>", "the node that would have the rules; default the first")
    .addOption(
      new Option("--family <family>", "the IP family; default the Service's first").choices([
        "IPv4",
        "IPv6",
      ]),
    )
    .action(async (service: string | undefined, given: RulesArguments) => {
      const { record } = await requireLab(context, given.name);
      await using access = await accessCluster(context, given.name);
      const [nodes, services, slices] = await Promise.all([
        access.rest.list(Kinds.Node),
        access.rest.list(Kinds.Service),
        access.rest.list(Kinds.EndpointSlice),
      ]);
      const { clusterCidr, serviceCidr } = record;
      const cluster = {
        nodes: nodes.items,
        services: services.items,
        slices: slices.items,
        resourceVersion: services.resourceVersion,
        clusterCidr,
        serviceCidr,
      };
      const { mode, node, family, namespace } = given;
      const wanted = service?.includes("/") === false ? `${namespace}/${service}` : service;
      context.stdout.write(
        formatRules(cluster, {
          mode,
          ...(node !== undefined && { node }),
          ...(family !== undefined && { family }),
          ...(wanted !== undefined && { service: wanted }),
        }),
      );
    });
}

/** The rules, below a comment on what they are. Throws CliError when there is no such thing. */
export function formatRules(cluster: ProxiedCluster, request: RulesRequest): string {
  const { mode, service } = request;
  const node = findNode(cluster.nodes, request.node);
  const families = familiesOf(cluster, service);
  const family = request.family ?? families[0] ?? "IPv4";
  if (!families.includes(family)) {
    const what = service === undefined ? "The lab" : `Service "${service}"`;
    throw new CliError(`${what} has no ${family} addresses.`, listing("Families", families));
  }
  const { services, slices, resourceVersion, clusterCidr, serviceCidr } = cluster;
  const table = buildTable(services, slices, node, resourceVersion);
  const rules = renderRules(table, {
    mode,
    family,
    ...(service !== undefined && { service }),
    clusterCidrs: clusterCidr.split(","),
    serviceCidrs: serviceCidr.split(","),
  });
  const others = families.filter((other) => other !== family);
  return [
    `# What kube-proxy --proxy-mode=${mode} would install on ${node.name} for ${service ?? "every Service"}`,
    `# as of resourceVersion ${resourceVersion}. A proxy in mode userspace installs none of it: it forwards on`,
    "# sockets by the same weights and policies.",
    ...others.map((other) => `# Of ${family} alone; --family ${other} prints the other family.`),
    rules,
  ].join("\n");
}

/** The families of a Service, or of the whole lab. */
function familiesOf(cluster: ProxiedCluster, service: string | undefined): readonly IPFamily[] {
  if (service !== undefined) return requireProxied(cluster.services, service).spec.ipFamilies ?? [];
  return cluster.serviceCidr.split(",").map((cidr) => (cidr.includes(":") ? "IPv6" : "IPv4"));
}

function findNode(nodes: readonly Node[], name: string | undefined): ProxyNode {
  const node = name === undefined ? nodes[0] : nodes.find(({ metadata }) => metadata.name === name);
  if (node === undefined) {
    const happened = name === undefined ? "The lab has no nodes." : `There is no node "${name}".`;
    throw new CliError(happened, listing("Nodes", nodes.map(nameOf)));
  }
  return toProxyNode(node);
}

function requireProxied(services: readonly Service[], wanted: string): Service {
  const service = services.find((service) => fullName(service) === wanted);
  if (service !== undefined && isProxied(service)) return service;
  const proxied = services.filter(isProxied).map(fullName);
  throw new CliError(
    service === undefined
      ? `There is no Service "${wanted}".`
      : `Service "${wanted}" has no cluster IP of this proxy, so no mode has rules for it.`,
    listing("Services with rules", proxied),
  );
}

function fullName({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function nameOf({ metadata }: Node): string {
  return metadata.name;
}

function listing(what: string, names: readonly string[]): string {
  return names.length === 0
    ? "kubehop status shows what there is."
    : `${what}: ${names.join(", ")}`;
}
