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

/** The pods of the cluster by each of their addresses. */
export async function listPods(rest: RestClient): Promise<Map<string, TracedPod>> {
  const { items } = await rest.list(Kinds.Pod);
  return new Map(
    items.flatMap((pod) => {
      const ips = [pod.status?.podIP, ...(pod.status?.podIPs ?? []).map(({ ip }) => ip)];
      return ips.flatMap((ip) => (ip === undefined ? [] : [[ip, toTracedPod(pod)] as const]));
    }),
  );
}
