import type { FetchReport } from "./fetch-report.ts";
import { openHopStream } from "./hop-stream.ts";
import { joinTrace, type TracedRequest } from "./join.ts";
import { type AskingPod, askInPod } from "./pod-report.ts";
import { listPods, type TracedPod, toTracedPod } from "./traced-pod.ts";

/** What to request, and from which pod. */
export interface TraceOptions extends AskingPod {
  readonly url: string;
  /** What runs `sample-app fetch` inside a pod; URL and --json come behind it. */
  readonly fetch: readonly string[];
  /** Default GET. */
  readonly method?: string;
  /** Further flags of fetch, e.g. ["--timeout", "3s"]. */
  readonly flags?: readonly string[];
}

/** One request with all its hops. */
export interface Trace {
  readonly method: string;
  readonly from: TracedPod;
  readonly request: TracedRequest;
  /** The pods of the cluster by address. */
  readonly pods: ReadonlyMap<string, TracedPod>;
}

/**
 * Sends one real request from inside a pod and gives it with every hop that proxies and DNS pods
 * told of it. Throws PodError when the request could not be sent at all.
 */
export async function traceRequest(options: TraceOptions): Promise<Trace> {
  const { rest, pod, url, fetch, method = "GET", flags = [] } = options;
  using hops = await openHopStream(rest);
  const [report, pods] = await Promise.all([
    askInPod<FetchReport>(options, {
      command: [...fetch, url, "--json", "--method", method, ...flags],
      next: "Give a URL such as http://my-api/hello; --from names another pod.",
    }),
    listPods(rest),
  ]);
  const from = toTracedPod(pod);
  const podIps = new Set(pods.keys());
  const request = await hops.joined((events) =>
    joinTrace({ report, events, clientIp: from.ip, podIps }),
  );
  return { method, from, request, pods };
}
