import { Kinds, namespacedName, type Service } from "@kubehop/api";
import type { WorkQueue } from "@kubehop/client";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { ingressAddresses, isOurs, planIngress } from "./plan.ts";

/**
 * Gives Services of type LoadBalancer their addresses, from the pool. The nodes' kube-proxies take
 * what comes for them; how it comes to a node is the matter of `loadBalancerRoutesController`.
 */
export const loadBalancerController: Controller = {
  name: "service",
  // One at a time: two Services never see the same address free.
  workers: 1,
  build(context, queue) {
    const { caches, settings } = context;
    if (settings.loadBalancerPool.isEmpty) return async () => {};
    caches.Service.onChange(({ key, previous, current }) => {
      queue.add(key);
      const kept = new Set(current === undefined ? [] : ingressAddresses(current));
      const given = previous === undefined ? [] : ingressAddresses(previous);
      if (given.some((ip) => !kept.has(ip))) addWaiting(context, queue);
    });
    return async (key) => {
      const service = caches.Service.store.get(key);
      if (service !== undefined && isOurs(service)) await assign(context, service);
    };
  },
};

/** An address has become free: those who wait for one come again. */
function addWaiting({ caches }: Context, queue: WorkQueue): void {
  for (const service of caches.Service.store.list()) {
    const isWaiting = isOurs(service) && ingressAddresses(service).length === 0;
    if (isWaiting) queue.add(namespacedName(service));
  }
}

async function assign(context: Context, service: Service): Promise<void> {
  const { caches, events, settings, writer } = context;
  const others = caches.Service.store.list().filter(({ metadata }) => {
    return metadata.uid !== service.metadata.uid;
  });
  const taken = new Set(others.flatMap(ingressAddresses));
  const plan = planIngress(service, taken, settings.loadBalancerPool);
  if ("problem" in plan) {
    const message = `Error syncing load balancer: failed to ensure load balancer: ${plan.problem}`;
    events.event(service, "Warning", "SyncLoadBalancerFailed", message);
    throw new Error(`${namespacedName(service)}: ${plan.problem}`);
  }
  const { ingress } = plan;
  if (canonicalJson(service.status?.loadBalancer?.ingress ?? []) === canonicalJson(ingress)) return;
  const body = { status: { loadBalancer: { ingress } } };
  const patch = { type: "merge", body } as const;
  await writer.patch(Kinds.Service, service, patch, { subresource: "status" });
  const addresses = ingress.map(({ ip }) => ip).join(", ");
  events.event(service, "Normal", "EnsuredLoadBalancer", `Ensured load balancer at ${addresses}`);
}
