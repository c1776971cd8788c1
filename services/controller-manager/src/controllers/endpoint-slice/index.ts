import {
  type AddressType,
  ENDPOINTSLICE_CONTROLLER,
  ENDPOINTSLICE_MANAGED_BY_LABEL,
  type EndpointSlice,
  isNamespaceTerminating,
  Kinds,
  namespacedName,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { isDeleting, uidOf } from "../../owners.ts";
import type { Context, Controller } from "../controller.ts";
import { enqueueServices, podsOf } from "../service-triggers.ts";
import {
  addressTypes,
  hasManagedEndpoints,
  type PortGroup,
  portsKey,
  type WantedEndpoint,
  wantedEndpoints,
} from "./endpoints.ts";
import { planPacking, type SliceContent } from "./packing.ts";
import { type SliceContext, sliceDraft, updatedSlice } from "./slices.ts";
import { hinted, topologyHints, topologyKey, wantsTopologyHints } from "./topology.ts";
import { createTriggerTimes, type TriggerTimes } from "./trigger-time.ts";

/** How soon a pod is looked at again whose Node is not known yet. */
const NODE_RETRY_MS = 1_000;

/** Writes the EndpointSlices of every Service that has a selector. */
export const endpointSliceController: Controller = {
  name: "endpoint_slice",
  workers: 5,
  build(context, queue) {
    const { caches } = context;
    const triggerTimes = createTriggerTimes();
    enqueueServices(context, queue);
    caches.Node.onChange(({ previous, current }) => {
      if (topologyKey(previous) === topologyKey(current)) return;
      const services = caches.Service.store.list().filter(wantsTopologyHints);
      for (const service of services) queue.add(namespacedName(service));
    });
    caches.EndpointSlice.onChange(({ previous, current }) => {
      for (const slice of [previous, current]) if (isOurs(slice)) queue.add(serviceKey(slice));
    });

    return async (key) => {
      const service = caches.Service.store.get(key);
      if (service === undefined) return triggerTimes.forget(key);
      if (!hasManagedEndpoints(service) || isDeleting(service)) return;
      const isComplete = await reconcile(context, service, triggerTimes);
      if (!isComplete) queue.addAfter(key, NODE_RETRY_MS);
    };
  },
};

function isOurs(slice: EndpointSlice | undefined): slice is EndpointSlice {
  const labels = slice?.metadata.labels;
  return labels?.[ENDPOINTSLICE_MANAGED_BY_LABEL] === ENDPOINTSLICE_CONTROLLER;
}

function serviceKey({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL]}`;
}

/** Gives false when some pod had to be left out until its Node is known. */
async function reconcile(
  context: Context,
  service: Service,
  triggerTimes: TriggerTimes,
): Promise<boolean> {
  const { caches } = context;
  const pods = podsOf(context, service);
  const triggerTime = triggerTimes.observe(namespacedName(service), service, pods);
  const slices = caches.EndpointSlice.store.byIndex(BY_CONTROLLER, uidOf(service)).filter(isOurs);
  const types = addressTypes(service);
  const foreign = slices.filter((slice) => !types.includes(slice.addressType));
  const sources = { service, pods, node: (node: string) => caches.Node.store.get(node) };
  let isComplete = true;
  for (const type of types) {
    const wanted = wantedEndpoints(sources, type);
    if (wanted.podsWithoutNode) isComplete = false;
    const own = slices.filter((slice) => slice.addressType === type);
    const groups = hintedGroups(context, { service, type, groups: wanted.groups, own });
    const plan = planPacking(groups, own, context.settings.maxEndpointsPerSlice);
    const content = (slice: EndpointSlice): SliceContent => {
      const planned = plan.update.get(slice);
      if (planned !== undefined) return planned;
      const weighted = groups.get(portsKey(slice.ports ?? []))?.endpoints ?? [];
      return { ports: slice.ports ?? [], endpoints: weigh(slice, weighted) };
    };
    const removed = new Set(plan.delete);
    const kept = own.filter((slice) => !removed.has(slice));
    await apply(context, { service, triggerTime }, { type, kept, content, create: plan.create });
    foreign.push(...plan.delete);
  }
  await Promise.all(foreign.map((slice) => context.writer.delete(Kinds.EndpointSlice, slice)));
  return isComplete;
}

interface Hinting {
  readonly service: Service;
  readonly type: AddressType;
  readonly groups: ReadonlyMap<string, PortGroup>;
  readonly own: readonly EndpointSlice[];
}

/** By topology mode Auto hints are shared over all endpoints; an Event tells when that changes. */
function hintedGroups(
  { caches, events }: Context,
  { service, type, groups, own }: Hinting,
): ReadonlyMap<string, PortGroup> {
  if (!wantsTopologyHints(service)) return groups;
  const result = topologyHints(groups, caches.Node.store.list());
  const hadHints = own.some(({ endpoints }) => endpoints.some(({ hints }) => hints !== undefined));
  if ("groups" in result) {
    const message = `Topology Aware Hints has been enabled, addressType: ${type}`;
    if (!hadHints) events.event(service, "Normal", "TopologyAwareHintsEnabled", message);
    return result.groups;
  }
  const message = `Topology Aware Hints has been disabled, addressType: ${type}: ${result.problem}`;
  if (hadHints) events.event(service, "Warning", "TopologyAwareHintsDisabled", message);
  return hinted(groups, () => undefined);
}

/** A slice's endpoints as they are, with the weights they have now. */
function weigh(slice: EndpointSlice, group: readonly WantedEndpoint[]): WantedEndpoint[] {
  const weights = new Map(group.map(({ endpoint, weight }) => [endpoint.addresses[0], weight]));
  return slice.endpoints.map((endpoint) => ({
    endpoint,
    weight: weights.get(endpoint.addresses[0]) ?? 1,
  }));
}

interface Changes {
  readonly type: AddressType;
  readonly kept: readonly EndpointSlice[];
  content(slice: EndpointSlice): SliceContent;
  readonly create: readonly SliceContent[];
}

async function apply(
  { writer, events }: Context,
  slice: SliceContext,
  { type, kept, content, create }: Changes,
): Promise<void> {
  try {
    await Promise.all([
      ...kept.map(async (existing) => {
        const updated = updatedSlice(slice, existing, content(existing));
        if (updated !== undefined) await writer.update(Kinds.EndpointSlice, updated);
      }),
      ...create.map((one) => writer.create(Kinds.EndpointSlice, sliceDraft(slice, type, one))),
    ]);
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    const message = `Error updating Endpoint Slices: ${(error as Error).message}`;
    events.event(slice.service, "Warning", "FailedToUpdateEndpointSlices", message);
    throw error;
  }
}
