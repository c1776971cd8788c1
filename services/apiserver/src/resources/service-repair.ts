import {
  type IPAddress,
  Kinds,
  type KubeObject,
  type ParentReference,
  registryPrefix,
  type Service,
} from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import type { AddressStore, PortStore } from "../allocators/allocation-store.ts";
import { planAddressRepair, type RepairAction, type RepairEvent } from "../allocators/repair.ts";
import { planPortRepair } from "../allocators/repair-ports.ts";
import { createAddressStore, createPortStore } from "./allocation-stores.ts";
import { createObject } from "./create.ts";
import { SERVER } from "./field-ownership.ts";
import { timestamp } from "./metadata.ts";
import { startPeriodic } from "./periodic.ts";
import type { Resources } from "./resources.ts";
import { currentRanges, type ServiceRanges } from "./service-allocations.ts";

/** How often allocations are compared with Services. */
const INTERVAL_MS = 60_000;
const COMPONENT = "service-allocations-repair-controller";

/**
 * Keeps allocations and Services in step: what a crash or a lost connection left allocated to
 * nobody is given back, what a Service uses without having it is allocated. Disposing ends it.
 */
export function startServiceRepair(
  resources: Resources,
  ranges: ServiceRanges,
  logger: Logger,
): AsyncDisposable {
  const stores = { addresses: createAddressStore(resources), ports: createPortStore(resources) };
  let leaks: ReadonlyMap<number, number> = new Map();

  const repair = async (): Promise<void> => {
    // A cache that lags would see leaks where there are none.
    if (!(await resources.store.catchUp())) return;
    const taken = { addresses: versionsOf(stores.addresses), ports: versionsOf(stores.ports) };
    const services = objectsOf<Service>(resources, Kinds.Service);
    const addresses = objectsOf<IPAddress>(resources, Kinds.IPAddress);
    const now = resources.clock.now();
    const state = { services, addresses, now, ranges: currentRanges(resources.cache, ranges) };
    for (const action of planAddressRepair(state)) {
      await perform(resources, action, {
        allocate: (name, parentRef) => stores.addresses.create(name, { spec: { parentRef } }),
        release: (name) => stores.addresses.delete(name, taken.addresses.get(name)),
      });
    }
    const allocated = allocatedPorts(stores.ports);
    const plan = planPortRepair({ services, allocated, range: ranges.ports, leaks });
    for (const action of plan.actions) {
      await perform(resources, action, {
        allocate: (name, parent) => stores.ports.create(name, parent),
        release: (name) => stores.ports.delete(name, taken.ports.get(name)),
      });
    }
    leaks = plan.leaks;
  };
  return startPeriodic({
    intervalMs: INTERVAL_MS,
    run: repair,
    onFailure: (error) => {
      logger.warn({ err: error }, "allocations could not be repaired, will retry");
    },
  });
}

/** What is allocated now: what is given out later must not be taken for it. */
function versionsOf(store: AddressStore | PortStore): ReadonlyMap<string, string | undefined> {
  return new Map([...store.names()].map((name) => [name, store.version(name)]));
}

interface Means {
  allocate(name: string, parent: ParentReference): Promise<boolean>;
  release(name: string): Promise<void>;
}

async function perform(resources: Resources, action: RepairAction, means: Means): Promise<void> {
  if (action.type === "allocate") await means.allocate(action.name, action.parent);
  if (action.type === "release") await means.release(action.name);
  await tell(resources, action.event);
}

/** Writes an Event of type Warning about a Service or an IPAddress. */
async function tell(resources: Resources, event: RepairEvent): Promise<void> {
  const { about, reason, message } = event;
  const { namespace = "default", name = "", resource } = about;
  const now = timestamp(resources.clock.now());
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "", generateName: `${name}.`, namespace },
    involvedObject: {
      kind: resource === "services" ? Kinds.Service.kind : Kinds.IPAddress.kind,
      name,
      ...(about.namespace !== undefined && { namespace: about.namespace }),
    },
    reason,
    message,
    type: "Warning",
    source: { component: COMPONENT },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  const target = { kind: Kinds.Event, namespace };
  await createObject(resources, target, object, { dryRun: false, writer: SERVER });
}

function objectsOf<T>(
  { cache }: Resources,
  kind: { readonly group: string; readonly plural: string },
): T[] {
  const { entries } = cache.list(registryPrefix(kind).slice(0, -1));
  return entries.map(({ object }) => object as unknown as T);
}

function allocatedPorts(store: PortStore): Map<number, ParentReference> {
  const ports = new Map<number, ParentReference>();
  for (const name of store.names()) {
    const parent = store.get(name);
    if (parent !== undefined) ports.set(Number(name), parent);
  }
  return ports;
}
