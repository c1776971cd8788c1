import type { Command } from "commander";
import { type LabOptions, readLabEnvironment } from "@kubehop/lab";
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
    .option("--service-cluster-ip-range <cidr>", "the Services' addresses", "10.96.0.0/16")
    .option("--cluster-cidr <cidr>", "the pods' addresses", "10.244.0.0/16")
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
    logLevel: given.logLevel,
    timeoutMs: given.timeout * 1000,
    signal: context.signal,
  };
}

/** The command line of `kubehop up` for the same lab. */
export function toCommandLine(options: LabOptions): string[] {
  const flags: Readonly<Record<string, string | number | undefined>> = {
    name: options.name,
    nodes: options.nodes,
    "api-port": options.apiPort,
    "service-cluster-ip-range": options.serviceCidr,
    "cluster-cidr": options.clusterCidr,
    "log-level": options.logLevel,
    timeout: options.timeoutMs === undefined ? undefined : options.timeoutMs / 1000,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return [
    "up",
    ...given.flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...(options.files ?? []).flatMap((file) => ["--file", file]),
  ];
}
