import type { ParentReference, Service } from "@kubehop/api";
import { isSameParent } from "./allocation-store.ts";
import { parentOf } from "./ledger.ts";
import type { PortRange } from "./node-port.ts";
import type { RepairAction } from "./repair.ts";

/** What the repair of node ports looks at. */
export interface PortState {
  readonly services: readonly Service[];
  /** Port number → who has it. */
  readonly allocated: ReadonlyMap<number, ParentReference>;
  readonly range: PortRange;
  /** Ports that seemed leaked, and how often in a row; from the last repair. */
  readonly leaks: ReadonlyMap<number, number>;
}

/** What to do, and what to hand to the next repair. */
export interface PortRepair {
  readonly actions: readonly RepairAction[];
  readonly leaks: ReadonlyMap<number, number>;
}

/** A port is taken before its Service is stored: only one that stays unused has leaked. */
const LOOPS_UNTIL_FREED = 3;

/**
 * Compares the node ports Services use with those allocated (upstream's
 * portallocator/controller/repair.go): missing allocations are made, ports that three repairs in a
 * row found unused are released, conflicts are reported.
 */
export function planPortRepair(state: PortState): PortRepair {
  const used = new Map<number, ParentReference>();
  const actions: RepairAction[] = [];
  for (const service of state.services) {
    for (const port of nodePortsOf(service)) {
      actions.push(...serviceActions(port, parentOf(service.metadata), { state, used }));
    }
  }
  const leaks = new Map<number, number>();
  for (const [port, parent] of state.allocated) {
    if (used.has(port)) continue;
    const seen = (state.leaks.get(port) ?? 0) + 1;
    if (seen < LOOPS_UNTIL_FREED) leaks.set(port, seen);
    else actions.push(released(port, parent));
  }
  return { actions, leaks };
}

function serviceActions(
  port: number,
  parent: ParentReference,
  { state, used }: { readonly state: PortState; readonly used: Map<number, ParentReference> },
): RepairAction[] {
  const { range, allocated } = state;
  if (used.has(port)) {
    const message = `Port ${port} was assigned to multiple services; please recreate service`;
    return [{ type: "report", event: { about: parent, reason: "PortAlreadyAllocated", message } }];
  }
  used.set(port, parent);
  if (port < range.first || port > range.last) {
    const message =
      `Port ${port} is not within the port range ${range.first}-${range.last}; ` +
      "please recreate service";
    return [{ type: "report", event: { about: parent, reason: "PortOutOfRange", message } }];
  }
  const owner = allocated.get(port);
  if (isSameParent(owner, parent)) return [];
  const message = `Port ${port} is not allocated; repairing`;
  const event = { about: parent, reason: "PortNotAllocated", message };
  const allocate: RepairAction = { type: "allocate", name: String(port), parent, event };
  return owner === undefined ? [allocate] : [released(port, owner), allocate];
}

function released(port: number, parent: ParentReference): RepairAction {
  const message = `Port ${port} appears to have leaked; cleaning up`;
  const event = { about: parent, reason: "PortNotAllocated", message };
  return { type: "release", name: String(port), event };
}

function nodePortsOf({ spec }: Service): Set<number> {
  const ports = [...(spec.ports ?? []).map((port) => port.nodePort), spec.healthCheckNodePort];
  return new Set(ports.filter((port) => port !== undefined && port !== 0) as number[]);
}
