import { invalidValue, Kinds, type Event } from "@kubehop/api";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Event: lives in the namespace of its object; events of cluster-wide objects in `default`. */
export const eventStrategy: Strategy<Event> = createStrategy(Kinds.Event, {
  createOnUpdate: true,
  defaults: (event) => {
    event.involvedObject ??= {};
  },
  validate: ({ metadata: { namespace = "" }, involvedObject }) => {
    const involved = involvedObject.namespace ?? "";
    const clusterWide = involved === "" && ["", "default", "kube-system"].includes(namespace);
    if (involved === namespace || clusterWide) return [];
    const why = "does not match event.namespace";
    return [invalidValue("involvedObject.namespace", involved, why)];
  },
});
