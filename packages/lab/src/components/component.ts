import type { BusPasswords } from "@kubehop/client";
import { type Program, programFile } from "@kubehop/kit/programs";
import type { LabEnvironment } from "../config.ts";
import { BUS_PORT } from "../credentials.ts";
import type { LabFiles } from "../state/lab-files.ts";
import { CONTROL_PLANE_IP, type Topology } from "../topology.ts";

/** Everything the component builders know of a lab. */
export interface LabPlan {
  readonly environment: LabEnvironment;
  readonly topology: Topology;
  readonly files: LabFiles;
  readonly passwords: BusPasswords;
  /** The range of NodePorts, e.g. 30000-32767. */
  readonly nodePorts: string;
  /** As LabOptions has them. */
  readonly proxyModes: readonly string[];
  readonly logLevel: string;
}

/** The descriptor of a listening socket that a process is handed (ProcessSpec.listenFd). */
export const HANDED_IN_FD = 3;

/** The lab's cluster domain. */
export const CLUSTER_DOMAIN = "cluster.local";

/** A service's program and arguments: `--flag value` for each flag, lists with commas. */
export function serviceCommand(
  plan: LabPlan,
  service: Program,
  flags: Readonly<Record<string, string | number | readonly string[]>>,
): [string, ...string[]] {
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  return [...plan.environment.node, programFile(service), ...args];
}

/** The environment of every process of ours: nothing of the user's but PATH. */
export function processEnv(plan: LabPlan): Record<string, string> {
  const { path, compileCache, seed, forwarder } = plan.environment;
  return {
    PATH: path,
    LANG: "C.UTF-8",
    KUBEHOP_LOG_LEVEL: plan.logLevel,
    // One heap of the C library for all threads: 10 MiB less for each process.
    MALLOC_ARENA_MAX: "1",
    ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
    ...(seed === undefined ? {} : { KUBEHOP_SEED: seed }),
    ...(forwarder === undefined ? {} : { KUBEHOP_FORWARDER: forwarder }),
  };
}

/** The environment of a process that uses the bus; passwords never stand in a command line. */
export function busEnv(plan: LabPlan, user: keyof BusPasswords): Record<string, string> {
  return {
    ...processEnv(plan),
    KUBEHOP_BUS_URL: `nats://${CONTROL_PLANE_IP}:${BUS_PORT}`,
    KUBEHOP_BUS_USER: user,
    KUBEHOP_BUS_PASSWORD: plan.passwords[user],
  };
}
