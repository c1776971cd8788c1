import {
  type EndpointSlice,
  type IPFamily,
  type LoadBalancerIngress,
  type Node,
  type Service,
} from "@kubehop/api";
import { findCondition } from "../../conditions.ts";
import { type AddressPool, familyOf } from "./address-pool.ts";

const EXCLUDE_LABEL = "node.kubernetes.io/exclude-from-external-load-balancers";

/** Whether this controller gives a Service its addresses: it has the type and no other class. */
export function isOurs({ spec, metadata }: Service): boolean {
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return spec.type === "LoadBalancer" && spec.loadBalancerClass === undefined && !isLeaving;
}

/** Addresses that load balancers have. */
export function ingressAddresses({ status }: Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
}

/** The addresses a Service is to have, or why it cannot have one. */
export type IngressPlan =
  | { readonly ingress: readonly LoadBalancerIngress[] }
  | { readonly problem: string };

/**
 * One address for each of the Service's families: that which it has, the one that it asks for
 * (`spec.loadBalancerIP`), or the first that no other Service has.
 */
export function planIngress(
  service: Service,
  taken: ReadonlySet<string>,
  pool: AddressPool,
): IngressPlan {
  const ingress: LoadBalancerIngress[] = [];
  const addresses = { taken, pool };
  for (const family of service.spec.ipFamilies ?? ["IPv4"]) {
    const wish = askedFor(service, family);
    const problem = wish === undefined ? undefined : whyNot(wish, addresses);
    if (problem !== undefined) return { problem };
    const ip = wish ?? kept(service, family, addresses) ?? firstFree(family, addresses);
    if (ip === undefined) return { problem: `the pool has no free ${family} address` };
    ingress.push({ ip, ipMode: "VIP" });
  }
  return { ingress };
}

function askedFor({ spec }: Service, family: IPFamily): string | undefined {
  const { loadBalancerIP: ip = "" } = spec;
  return ip !== "" && familyOf(ip) === family ? ip : undefined;
}

function whyNot(ip: string, { taken, pool }: Addresses): string | undefined {
  if (!pool.contains(ip)) return `address ${ip} is not in the pool of load balancers`;
  return taken.has(ip) ? `another Service has address ${ip}` : undefined;
}

interface Addresses {
  readonly taken: ReadonlySet<string>;
  readonly pool: AddressPool;
}

function kept(service: Service, family: IPFamily, { taken, pool }: Addresses): string | undefined {
  return ingressAddresses(service).find(
    (ip) => familyOf(ip) === family && pool.contains(ip) && !taken.has(ip),
  );
}

function firstFree(family: IPFamily, { taken, pool }: Addresses): string | undefined {
  for (const ip of pool.addresses(family)) if (!taken.has(ip)) return ip;
  return undefined;
}

/**
 * The nodes' addresses that a load balancer sends a Service's traffic to: those of ready nodes;
 * with externalTrafficPolicy Local only of those that have a ready endpoint, as a load balancer
 * finds out by the health check port.
 */
export function backendAddresses(
  service: Service,
  nodes: readonly Node[],
  slices: readonly EndpointSlice[],
): string[] {
  const endpoints = slices.flatMap((slice) => slice.endpoints);
  const hasEndpoint = new Set(
    endpoints.flatMap(({ conditions, nodeName }) =>
      conditions?.ready === false ? [] : [nodeName],
    ),
  );
  const isLocal = service.spec.externalTrafficPolicy === "Local";
  return nodes
    .filter(({ metadata, status }) => {
      const isReady = findCondition(status?.conditions, "Ready")?.status === "True";
      const isExcluded = metadata.labels?.[EXCLUDE_LABEL] !== undefined;
      return isReady && !isExcluded && (!isLocal || hasEndpoint.has(metadata.name));
    })
    .flatMap(({ status }) => status?.addresses ?? [])
    .flatMap(({ type, address }) => (type === "InternalIP" ? [address] : []))
    .toSorted();
}
