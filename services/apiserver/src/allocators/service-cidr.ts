import type { Condition, ServiceCIDR } from "@kubehop/api";
import { type Cidr, parseCidr } from "@kubehop/kit/addresses";

/** Keeps a range from going while Services have addresses of it. */
export const SERVICE_CIDR_FINALIZER = "networking.k8s.io/service-cidr-finalizer";

/** How long a range that nobody uses stays: an address may just be being given out (upstream: deletionGracePeriod). */
const GRACE_MS = 10_000;

const READY: Condition = {
  type: "Ready",
  status: "True",
  reason: "",
  message: "Kubernetes Service CIDR is ready",
};
const TERMINATING: Condition = {
  type: "Ready",
  status: "False",
  reason: "Terminating",
  message:
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
};

/** What is to be done about a range. */
export interface ServiceCidrPlan {
  /** True: it must have the finalizer; false: it may go; absent: nothing changes. */
  readonly finalizer?: boolean;
  /** Its new condition; absent when it has that already. */
  readonly condition?: Condition;
}

/** What a plan is made from. */
export interface ServiceCidrState {
  all(): readonly ServiceCIDR[];
  /** Names of all IPAddresses; asked for when a range is being deleted. */
  addresses(): Iterable<string>;
  /** unix ms */
  readonly now: number;
}

/**
 * What to do about one range (source: pkg/controller/servicecidrs): while it lives it has a finalizer
 * and is ready; when it is deleted it stays as long as addresses of it would belong to no range.
 */
export function planServiceCidr(one: ServiceCIDR, state: ServiceCidrState): ServiceCidrPlan {
  const { deletionTimestamp, finalizers = [] } = one.metadata;
  const isHeld = finalizers.includes(SERVICE_CIDR_FINALIZER);
  if (deletionTimestamp === undefined) {
    return { ...(!isHeld && { finalizer: true }), ...changed(one, READY) };
  }
  if (!isHeld) return {};
  if (hasOrphans(one, state)) return changed(one, TERMINATING);
  const isOver = state.now - Date.parse(deletionTimestamp) >= GRACE_MS;
  return isOver ? { finalizer: false } : {};
}

function changed({ status }: ServiceCIDR, wanted: Condition): Pick<ServiceCidrPlan, "condition"> {
  const found = status?.conditions?.find(({ type }) => type === wanted.type);
  const isSame = found?.status === wanted.status && (found.reason ?? "") === wanted.reason;
  return isSame ? {} : { condition: wanted };
}

function hasOrphans(one: ServiceCIDR, { all, addresses }: ServiceCidrState): boolean {
  const own = rangesOf(one);
  const others = all()
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .flatMap(rangesOf);
  for (const ip of addresses()) {
    const isWithin = (range: Cidr): boolean => range.contains(ip);
    if (own.some(isWithin) && !others.some(isWithin)) return true;
  }
  return false;
}

function rangesOf({ spec }: ServiceCIDR): Cidr[] {
  return (spec.cidrs ?? []).map(parseCidr).filter((range) => range !== undefined);
}
