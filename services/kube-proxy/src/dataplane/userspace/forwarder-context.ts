import type { AffinityMemory, ServiceTable } from "@kubehop/routing";
import type { DataPlaneOptions } from "../dataplane.ts";

/** What every flow of one userspace data plane shares. */
export interface ForwarderContext extends DataPlaneOptions {
  readonly affinity: AffinityMemory;
  /** The table of this moment. */
  table(): ServiceTable;
}
