import {
  type Endpoints,
  isNamespaceTerminating,
  Kinds,
  LAST_CHANGE_TRIGGER_TIME_ANNOTATION,
  namespacedName,
  OVER_CAPACITY_ANNOTATION,
  type Service,
} from "@kubehop/api";
import { isDeleting } from "../../owners.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { hasManagedEndpoints, headlessLabels } from "../endpoint-slice/endpoints.ts";
import { createTriggerTimes, type TriggerTimes } from "../endpoint-slice/trigger-time.ts";
import { enqueueServices, podsOf } from "../service-triggers.ts";
import { planSubsets } from "./subsets.ts";

const MAX_ADDRESSES = 1_000;
const MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by";
const CONTROLLER = "endpoint-controller";

/** Writes the Endpoints of every Service that has a selector: the older API, for its clients. */
export const endpointsController: Controller = {
  name: "endpoint",
  workers: 5,
  build(context, queue) {
    const { caches, writer } = context;
    const triggerTimes = createTriggerTimes();
    enqueueServices(context, queue);
    caches.Endpoints.onChange(({ key }) => queue.add(key));

    return async (key) => {
      const service = caches.Service.store.get(key);
      const existing = caches.Endpoints.store.get(key);
      if (service === undefined) {
        triggerTimes.forget(key);
        const isOurs = existing?.metadata.labels?.[MANAGED_BY_LABEL] === CONTROLLER;
        if (existing !== undefined && isOurs) await writer.delete(Kinds.Endpoints, existing);
        return;
      }
      if (!hasManagedEndpoints(service) || isDeleting(service)) return;
      await write(context, { service, existing, triggerTimes });
    };
  },
};

interface Sync {
  readonly service: Service;
  readonly existing: Endpoints | undefined;
  readonly triggerTimes: TriggerTimes;
}

async function write(context: Context, { service, existing, triggerTimes }: Sync): Promise<void> {
  const pods = podsOf(context, service);
  const triggerTime = triggerTimes.observe(namespacedName(service), service, pods);
  const { subsets, truncated } = planSubsets(service, pods, MAX_ADDRESSES);
  const labels = {
    ...service.metadata.labels,
    ...headlessLabels(service),
    [MANAGED_BY_LABEL]: CONTROLLER,
  };
  if (canonicalJson(shownBy(existing)) === canonicalJson({ labels, subsets, truncated })) return;
  const annotations = {
    ...(truncated && { [OVER_CAPACITY_ANNOTATION]: "truncated" }),
    ...(triggerTime !== undefined && {
      [LAST_CHANGE_TRIGGER_TIME_ANNOTATION]: new Date(triggerTime).toISOString(),
    }),
  };
  const { namespace = "", name } = service.metadata;
  const metadata = { ...existing?.metadata, name, namespace, labels, annotations };
  const endpoints: Endpoints = { apiVersion: "v1", kind: "Endpoints", metadata, subsets };
  try {
    if (existing === undefined) await context.writer.create(Kinds.Endpoints, endpoints);
    else await context.writer.update(Kinds.Endpoints, endpoints);
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}

/** What of an existing object this controller decides. */
function shownBy(endpoints: Endpoints | undefined): object {
  if (endpoints === undefined) return {};
  const { labels, annotations } = endpoints.metadata;
  const truncated = annotations?.[OVER_CAPACITY_ANNOTATION] === "truncated";
  return { labels, subsets: endpoints.subsets ?? [], truncated };
}
