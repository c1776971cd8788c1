import { loadSyscalls } from "@kubehop/syscalls";
import type { DataPlane, DataPlaneOptions } from "../dataplane.ts";
import { createUserspaceDataPlane } from "../userspace/index.ts";

/** A userspace data plane by who moves its bytes. */
export interface EngineUnderTest {
  readonly engine: string;
  create(options: DataPlaneOptions): DataPlane;
}

const syscalls = await loadSyscalls();

/** Every specification of forwarding holds for each of them. */
export const ENGINES: readonly EngineUnderTest[] = [
  { engine: "Node's sockets", create: (options) => createUserspaceDataPlane(options) },
  {
    engine: "system calls",
    create: (options) => createUserspaceDataPlane({ ...options, syscalls }),
  },
];
