import { openHopStream } from "./hop-stream.ts";
import { joinQueries, type TracedQuery } from "./join.ts";
import type { LookupReport } from "./lookup-report.ts";
import { type AskingPod, askInPod } from "./pod-report.ts";
import { listPods, type TracedPod, toTracedPod } from "./traced-pod.ts";

/** What to look up, and from which pod. */
export interface LookupOptions extends AskingPod {
  readonly name: string;
  /** A record type; by default what a program asks for: A and AAAA. */
  readonly type?: string;
  /** What runs `sample-app lookup` inside a pod; the name and flags come behind it. */
  readonly lookup: readonly string[];
  /** Further flags of lookup, e.g. ["--timeout", "3s"]. */
  readonly flags?: readonly string[];
}

/** A look-up with every hop of each query. */
export interface TracedLookup {
  readonly from: TracedPod;
  readonly report: LookupReport;
  readonly queries: readonly TracedQuery[];
  /** Every proxy and DNS pod told of its part. */
  readonly complete: boolean;
  /** The pods of the cluster by address. */
  readonly pods: ReadonlyMap<string, TracedPod>;
}

/**
 * Looks a name up from inside a pod by its own resolv.conf, and gives every query with the proxy
 * and DNS pod it met. Throws PodError when nothing could be asked.
 */
export async function traceLookup(options: LookupOptions): Promise<TracedLookup> {
  const { rest, name, type, pod, lookup, flags = [] } = options;
  using hops = await openHopStream(rest);
  const [report, pods] = await Promise.all([
    askInPod<LookupReport>(options, {
      command: [
        ...lookup,
        name,
        "--json",
        ...(type === undefined ? [] : ["--type", type]),
        ...flags,
      ],
      next: "Give a name such as my-api or my-api.other-ns.svc.cluster.local.",
    }),
    listPods(rest),
  ]);
  const podIps = new Set(pods.keys());
  const joined = await hops.joined((events) => joinQueries(report.queries, events, podIps));
  return { from: toTracedPod(pod), report, ...joined, pods };
}
