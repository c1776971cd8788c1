import type { ClusterView } from "../../cluster/cluster-view.ts";
import type { Query } from "../../query.ts";
import type { Reuse } from "../../reuse.ts";
import type { Answer } from "./answer.ts";
import { parseClusterName } from "./parse-name.ts";

/**
 * How long an answer holds: until anything in the cluster changes. The addresses of a Service are
 * looked at more closely: they hold as long as its namespace and its own entry are the same, so
 * that pods that come and go elsewhere do not matter. Denials carry the time of the last change.
 */
export function reuseOf(view: ClusterView, query: Query, zone: string, answer: Answer): Reuse {
  const isUnchanged = answer.answers.length > 0 ? watchService(view, query, zone) : undefined;
  let generation = view.generation();
  return {
    // Owners and zones are spelled as they were asked for.
    anyCase: false,
    take() {
      const current = view.generation();
      if (current === generation) return true;
      if (isUnchanged?.() !== true) return false;
      generation = current;
      return true;
    },
  };
}

/** Whether the Service that a name stands for is as it was; undefined when it stands for none. */
function watchService(
  view: ClusterView,
  { name: text, question: { type } }: Query,
  zone: string,
): (() => boolean) | undefined {
  if (type !== "A" && type !== "AAAA" && type !== "SRV") return undefined;
  const name = parseClusterName(text, zone);
  const { root, namespace, service } = name ?? {};
  if (root !== "svc" || namespace === undefined || service === undefined) return undefined;
  const entry = view.service(namespace, service);
  const object = view.namespace(namespace);
  // An ExternalName's answer is that of other names.
  if (entry?.service === undefined || entry.service.spec.type === "ExternalName") return undefined;
  return () => view.service(namespace, service) === entry && view.namespace(namespace) === object;
}
