import type { Endpoint, EndpointPort, EndpointSlice } from "@kubehop/api";
import { canonicalJson } from "../../template-hash.ts";
import { type PortGroup, portsKey, type WantedEndpoint } from "./endpoints.ts";

/** What one slice is to hold. */
export interface SliceContent {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly WantedEndpoint[];
}

/** What to do with a Service's slices of one address type; slices not named stay as they are. */
export interface PackingPlan {
  readonly create: readonly SliceContent[];
  readonly update: ReadonlyMap<EndpointSlice, SliceContent>;
  readonly delete: readonly EndpointSlice[];
}

/**
 * Packs endpoints into slices with as few writes as possible (upstream's
 * reconcileByPortMapping): each slice keeps its endpoints that are still wanted; new ones fill
 * slices that are written anyway, fullest first; what is left goes into the one untouched slice it
 * fits best, or into new slices. Endpoints never move for balance. Slices to create and to delete
 * cancel each other out as updates. A Service without endpoints has one empty placeholder slice.
 *
 * Every wanted endpoint is in exactly one slice afterwards, and no slice has more than `max`.
 */
export function planPacking(
  groups: ReadonlyMap<string, PortGroup>,
  slices: readonly EndpointSlice[],
  max: number,
): PackingPlan {
  const create: SliceContent[] = [];
  const update = new Map<EndpointSlice, SliceContent>();
  const unwanted: EndpointSlice[] = [];
  const byPorts = Map.groupBy(slices, (slice) => portsKey(slice.ports ?? []));
  for (const [key, existing] of byPorts) if (!groups.has(key)) unwanted.push(...existing);
  for (const [key, group] of groups) {
    const plan = packGroup(group, byPorts.get(key) ?? [], max);
    create.push(...plan.create);
    for (const [slice, content] of plan.update) update.set(slice, content);
    unwanted.push(...plan.delete);
  }
  const hasNone = create.length === 0 && unwanted.length === slices.length;
  if (hasNone) keepPlaceholder(create, unwanted);
  return recycle({ create, update, delete: unwanted });
}

/** One empty slice stands for "no endpoints"; one that is there already stays. */
function keepPlaceholder(create: SliceContent[], unwanted: EndpointSlice[]): void {
  const placeholder = unwanted.findIndex(isPlaceholder);
  if (placeholder === -1) create.push({ ports: [], endpoints: [] });
  else unwanted.splice(placeholder, 1);
}

function isPlaceholder({ endpoints, ports }: EndpointSlice): boolean {
  return endpoints.length === 0 && (ports ?? []).length === 0;
}

function recycle(plan: PackingPlan): PackingPlan {
  const recycled = Math.min(plan.create.length, plan.delete.length);
  const update = new Map(plan.update);
  for (const [index, slice] of plan.delete.slice(0, recycled).entries()) {
    const content = plan.create[index];
    if (content !== undefined) update.set(slice, content);
  }
  return { create: plan.create.slice(recycled), update, delete: plan.delete.slice(recycled) };
}

/** A slice and the endpoints it keeps. */
interface Kept {
  readonly slice: EndpointSlice;
  readonly endpoints: WantedEndpoint[];
  readonly isChanged: boolean;
}

function packGroup(group: PortGroup, slices: readonly EndpointSlice[], max: number): PackingPlan {
  const missing = new Map(group.endpoints.map((wanted) => [endpointKey(wanted.endpoint), wanted]));
  const kept = slices.map((slice) => keep(slice, missing, max));
  const touched = kept.filter((one) => one.isChanged && one.endpoints.length > 0);
  const untouched = kept.filter((one) => !one.isChanged && one.endpoints.length > 0);
  const rest = [...missing.values()];
  fill(touched, rest, max);
  const best = bestFit(untouched, rest.length, max);
  if (best !== undefined) fill([best], rest, max);
  const create: SliceContent[] = [];
  while (rest.length > 0) create.push({ ports: group.ports, endpoints: rest.splice(0, max) });
  const changed = best === undefined ? touched : [...touched, best];
  const update = new Map(
    changed.map(({ slice, endpoints }) => [slice, { ports: group.ports, endpoints }] as const),
  );
  const emptied = kept.filter(({ endpoints }) => endpoints.length === 0).map(({ slice }) => slice);
  return { create, update, delete: emptied };
}

/** Keeps a slice's endpoints that are still missing elsewhere, in their newest form. */
function keep(slice: EndpointSlice, missing: Map<string, WantedEndpoint>, max: number): Kept {
  const endpoints: WantedEndpoint[] = [];
  let isChanged = false;
  for (const endpoint of slice.endpoints) {
    const key = endpointKey(endpoint);
    const wanted = missing.get(key);
    if (wanted === undefined || endpoints.length >= max) {
      isChanged = true;
      continue;
    }
    missing.delete(key);
    endpoints.push(wanted);
    isChanged ||= canonicalJson(wanted.endpoint) !== canonicalJson(endpoint);
  }
  return { slice, endpoints, isChanged };
}

/** Tops slices up from the front of `rest`, the fullest first. */
function fill(slices: readonly Kept[], rest: WantedEndpoint[], max: number): void {
  const byFullness = slices.toSorted((a, b) => b.endpoints.length - a.endpoints.length);
  for (const { endpoints } of byFullness) endpoints.push(...rest.splice(0, max - endpoints.length));
}

/** The fullest slice that takes all of the remainder; none when it needs slices of its own. */
function bestFit(slices: readonly Kept[], count: number, max: number): Kept | undefined {
  if (count === 0 || count >= max) return undefined;
  const fitting = slices.filter(({ endpoints }) => endpoints.length + count <= max);
  return fitting.toSorted((a, b) => b.endpoints.length - a.endpoints.length)[0];
}

/** What makes an endpoint the same one: its address, its pod, and what cannot change of it. */
function endpointKey({ addresses, hostname, nodeName, targetRef }: Endpoint): string {
  const pod = targetRef?.uid ?? targetRef?.name;
  return [addresses.join(","), hostname, nodeName, pod].join("|");
}
