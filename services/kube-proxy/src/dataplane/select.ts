import type { IpFamily } from "@kubehop/routing";
import { ConfigError } from "@kubehop/kit";
import type { DataPlane, DataPlaneOptions } from "./dataplane.ts";
import { createIptablesSyncer } from "./iptables/index.ts";
import type { KernelCommands } from "./kernel/commands.ts";
import { createKernelDataPlane } from "./kernel/index.ts";
import {
  iptablesPreflight,
  ipvsPreflight,
  nftablesPreflight,
  type Preflight,
} from "./kernel/preflight.ts";
import { createNftablesSyncer } from "./nftables/index.ts";
import { createUserspaceDataPlane } from "./userspace/index.ts";
import { createWorkersDataPlane } from "./userspace/workers/index.ts";

/** A data plane as `--proxy-mode` names it. */
export type ProxyMode = "userspace" | "nftables" | "iptables" | "ipvs";

type CreateDataPlane = (options: DataPlaneOptions) => DataPlane;

interface Mode {
  readonly create: CreateDataPlane;
  /** Absent where nothing can be missing. */
  readonly preflight?: Preflight;
}

/** The data planes built in. */
const MODES: Readonly<Record<ProxyMode, Mode>> = {
  userspace: { create: createUserspace },
  nftables: {
    create: (options) => createKernelDataPlane(options, createNftablesSyncer),
    preflight: nftablesPreflight,
  },
  iptables: {
    create: (options) => createKernelDataPlane(options, createIptablesSyncer),
    preflight: iptablesPreflight,
  },
  ipvs: { create: createUserspace, preflight: ipvsPreflight },
};

function createUserspace(options: DataPlaneOptions): DataPlane {
  const { workers } = options.settings;
  return workers > 1 ? createWorkersDataPlane(options) : createUserspaceDataPlane(options);
}

/** Checks `--proxy-mode`. Throws ConfigError when no such data plane is built in. */
export function parseProxyMode(mode: string): ProxyMode {
  if (Object.hasOwn(MODES, mode)) return mode as ProxyMode;
  const modes = Object.keys(MODES).join(", ");
  throw new ConfigError(`--proxy-mode: "${mode}" is not built in; this kube-proxy has ${modes}.`);
}

/** The data plane that is used, and why it is not the one that was wanted. */
export interface ChosenMode {
  readonly mode: ProxyMode;
  readonly create: CreateDataPlane;
  readonly problem?: string;
}

/** Gives the data plane of a mode, or userspace where this machine cannot do that one. */
export async function chooseDataPlane(
  wanted: ProxyMode,
  commands: KernelCommands,
  families: readonly IpFamily[],
): Promise<ChosenMode> {
  const { create, preflight } = MODES[wanted];
  const problem = await preflight?.(commands, families);
  if (problem === undefined) return { mode: wanted, create };
  return { mode: "userspace", create: MODES.userspace.create, problem };
}
