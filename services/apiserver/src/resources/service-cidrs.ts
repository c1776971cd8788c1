import {
  type Condition,
  Kinds,
  type KubeObject,
  registryPrefix,
  type ServiceCIDR,
} from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import {
  planServiceCidr,
  SERVICE_CIDR_FINALIZER,
  type ServiceCidrState,
} from "../allocators/service-cidr.ts";
import { SERVER } from "./field-ownership.ts";
import { timestamp } from "./metadata.ts";
import { startPeriodic } from "./periodic.ts";
import type { Resources } from "./resources.ts";
import { type Part, updateObject } from "./update.ts";

/** How often ranges are looked at: there are few, and looking costs a look into the cache. */
const INTERVAL_MS = 500;

/**
 * Follows the life of ServiceCIDRs: their condition Ready, and the finalizer that keeps one until no
 * address needs it. Each API server does it; compare-and-set makes it one result. Disposing ends it.
 */
export function startServiceCidrs(resources: Resources, logger: Logger): AsyncDisposable {
  const objectsOf = (kind: { readonly group: string; readonly plural: string }): KubeObject[] => {
    const { entries } = resources.cache.list(registryPrefix(kind).slice(0, -1));
    return entries.map(({ object }) => object);
  };
  const reconcile = async (): Promise<void> => {
    const state: ServiceCidrState = {
      all: () => objectsOf(Kinds.ServiceCIDR) as unknown as ServiceCIDR[],
      addresses: () => objectsOf(Kinds.IPAddress).map(({ metadata }) => metadata.name),
      now: resources.clock.now(),
    };
    for (const one of state.all()) await reconcileOne(resources, one, state);
  };
  return startPeriodic({
    intervalMs: INTERVAL_MS,
    run: reconcile,
    onFailure: (error) => {
      logger.warn({ err: error }, "ServiceCIDRs could not be followed, will retry");
    },
  });
}

async function reconcileOne(
  resources: Resources,
  one: ServiceCIDR,
  state: ServiceCidrState,
): Promise<void> {
  const { finalizer, condition } = planServiceCidr(one, state);
  const target = { kind: Kinds.ServiceCIDR, name: one.metadata.name };
  const write = (part: Part, apply: (current: KubeObject) => KubeObject): Promise<unknown> =>
    updateObject(resources, { target, part, dryRun: false, writer: SERVER, apply });
  if (condition !== undefined) {
    const now = timestamp(state.now);
    await write("status", (current) => withCondition(current, condition, now));
  }
  // Addresses that another API server has given out a moment ago must be seen before a range goes.
  if (finalizer === false && !(await resources.store.catchUp())) return;
  if (finalizer === false && planServiceCidr(one, state).finalizer !== false) return;
  if (finalizer !== undefined) await write("object", (current) => held(current, finalizer));
}

function withCondition(object: KubeObject, condition: Condition, now: string): KubeObject {
  const { status } = object as unknown as ServiceCIDR;
  const others = (status?.conditions ?? []).filter(({ type }) => type !== condition.type);
  const conditions = [...others, { ...condition, lastTransitionTime: now }];
  return { ...object, status: { ...status, conditions } };
}

function held(object: KubeObject, isHeld: boolean): KubeObject {
  const { finalizers = [], ...metadata } = object.metadata;
  const others = finalizers.filter((name) => name !== SERVICE_CIDR_FINALIZER);
  const wanted = isHeld ? [...others, SERVICE_CIDR_FINALIZER] : others;
  return { ...object, metadata: { ...metadata, ...(wanted.length > 0 && { finalizers: wanted }) } };
}
