import type { Command } from "commander";
import { type LabOptions, readLabEnvironment } from "@kubehop/lab";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { collect, wholeNumber, withName } from "./options.ts";

/** The options of the commands that start a lab. */
export interface LabArguments {
  readonly name: string;
  readonly nodes: number;
  readonly file: readonly string[];
  readonly apiPort: number;
  readonly serviceClusterIpRange: string;
  readonly clusterCidr: string;
  readonly loadBalancerPool?: string;
  readonly proxyMode: readonly string[];
  readonly logLevel: string;
  readonly timeout: number;
}

/** Adds the options of the commands that start a lab. */
export function withLabOptions(command: Command, defaults = { apiPort: 0 }): Command {
  return withName(command)
    .option("--nodes <count>", "how many nodes", wholeNumber(1, 200), 3)
    .option(
      "-f, --file <path>",
      "manifests to apply: a file or a folder; may be repeated",
      collect,
      [],
    )
    .option(
      "--api-port <port>",
      "port of the API server; 0 takes a free one",
      wholeNumber(0, 65_535),
      defaults.apiPort,
    )
    .option(
      "--service-cluster-ip-range <cidrs>",
      "the Services' addresses; 10.96.0.0/16,fd00:10:96::/112 for both IP families",
      "10.96.0.0/16",
    )
    .option(
      "--cluster-cidr <cidrs>",
      "the pods' addresses; 10.244.0.0/16,fd00:10:244::/56 for both IP families",
      "10.244.0.0/16",
    )
    .option(
      "--load-balancer-pool <cidrs>",
      "addresses of load balancers (default: 172.31.1.0/24, with IPv6 fd00:172:31:1::/112, too)",
    )
    .option(
      "--proxy-mode <mode>",
      "of kube-proxy: userspace, nftables, iptables or ipvs, for one node NODE=MODE; may be repeated",
      collect,
      [],
    )
    .option("--log-level <level>", "of every process: trace, debug, info, warn, error", "info")
    .option("--timeout <seconds>", "how long the start may take", wholeNumber(1, 3_600), 60);
}

/** Turns the options of a command into the lab's. */
export function toLabOptions(context: CliContext, given: LabArguments): LabOptions {
  return {
    name: given.name,
    environment: readLabEnvironment(context.env, context.node[0]),
    nodes: given.nodes,
    files: given.file,
    apiPort: given.apiPort,
    serviceCidr: given.serviceClusterIpRange,
    clusterCidr: given.clusterCidr,
    ...(given.loadBalancerPool !== undefined && { loadBalancerPool: given.loadBalancerPool }),
    proxyModes: given.proxyMode.map(checkProxyMode),
    logLevel: given.logLevel,
    timeoutMs: given.timeout * 1000,
    signal: context.signal,
  };
}

/** A mode with or without the node it is for. Throws CliError for another word. */
function checkProxyMode(text: string): string {
  if (/^([^=]+=)?(userspace|nftables|iptables|ipvs)$/.test(text)) return text;
  throw new CliError(
    `"${text}" is no proxy mode.`,
    "Use userspace, nftables, iptables or ipvs, for one node as in --proxy-mode node-2=nftables.",
  );
}

/** The command line of `kubehop up` for the same lab. */
export function toCommandLine(options: LabOptions): string[] {
  const flags: Readonly<Record<string, string | number | undefined>> = {
    name: options.name,
    nodes: options.nodes,
    "api-port": options.apiPort,
    "service-cluster-ip-range": options.serviceCidr,
    "cluster-cidr": options.clusterCidr,
    "load-balancer-pool": options.loadBalancerPool,
    "log-level": options.logLevel,
    timeout: options.timeoutMs === undefined ? undefined : options.timeoutMs / 1000,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return [
    "up",
    ...given.flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...(options.proxyModes ?? []).flatMap((mode) => ["--proxy-mode", mode]),
    ...(options.files ?? []).flatMap((file) => ["--file", file]),
  ];
}
