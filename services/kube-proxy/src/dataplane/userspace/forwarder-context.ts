import type { AffinityMemory, ServiceTable } from "@kubehop/routing";
import type { DataPlaneOptions } from "../dataplane.ts";
import type { ForwarderEngine } from "./engine.ts";
import type { LocalAddresses } from "./local-addresses.ts";

/** What every flow of one userspace data plane shares. */
export interface ForwarderContext extends DataPlaneOptions {
  readonly engine: ForwarderEngine;
  readonly affinity: AffinityMemory;
  readonly localAddresses: LocalAddresses;
  /** The table of this moment. */
  table(): ServiceTable;
}
