import { Kinds, type Pod } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";

/** A pod as a trace names it. */
export interface TracedPod {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly node: string;
}

/** What a trace names of a pod. */
export function toTracedPod({ metadata, spec, status }: Pod): TracedPod {
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    ip: status?.podIP ?? "",
    node: spec.nodeName ?? "",
  };
}

/** The pods of the cluster by address. */
export async function listPods(rest: RestClient): Promise<Map<string, TracedPod>> {
  const { items } = await rest.list(Kinds.Pod);
  const withAddress = items.filter((pod) => pod.status?.podIP !== undefined);
  return new Map(withAddress.map((pod) => [pod.status?.podIP ?? "", toTracedPod(pod)]));
}
