import { Kinds, type Pod } from "@kubehop/api";
import type { RestClient, RestOptions } from "@kubehop/client";
import { PodError } from "./pod-error.ts";
import { execToText } from "./exec-to-text.ts";
import type { FetchReport } from "./fetch-report.ts";
import { type HopStream, openHopStream } from "./hop-stream.ts";
import { joinTrace, type TracedRequest } from "./join.ts";

/** How long events may come later than the answer they belong to. */
const SETTLE_MS = 1_000;

/** What to request, and from which pod. */
export interface TraceOptions {
  readonly rest: RestClient;
  readonly server: RestOptions;
  readonly pod: Pod;
  readonly url: string;
  /** What runs `sample-app fetch` inside a pod; URL and --json come behind it. */
  readonly fetch: readonly string[];
  /** Further flags of fetch, e.g. ["--method", "POST"]. */
  readonly flags?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A pod as a trace names it. */
export interface TracedPod {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly node: string;
}

/** One request with all its hops. */
export interface Trace {
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
  const { rest, pod } = options;
  using hops = await openHopStream(rest);
  const [report, pods] = await Promise.all([fetchInPod(options), listPods(rest)]);
  const from = toTracedPod(pod);
  const request = await joinWhenComplete(report, hops, from.ip, pods);
  return { from, request, pods };
}

async function joinWhenComplete(
  report: FetchReport,
  hops: HopStream,
  clientIp: string,
  pods: ReadonlyMap<string, TracedPod>,
): Promise<TracedRequest> {
  const podIps = new Set(pods.keys());
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const request = joinTrace({ report, events: hops.events, clientIp, podIps });
    const leftMs = deadline - performance.now();
    if (request.complete || leftMs <= 0) return request;
    await hops.next(leftMs);
  }
}

async function fetchInPod(options: TraceOptions): Promise<FetchReport> {
  const { server, pod, url, fetch, flags = [], signal } = options;
  const { namespace = "default", name } = pod.metadata;
  const { stdout, stderr } = await execToText({
    server,
    namespace,
    pod: name,
    command: [...fetch, url, "--json", ...flags],
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    return JSON.parse(stdout) as FetchReport;
  } catch {
    throw new PodError(
      `The request could not be sent from pod ${namespace}/${name}: ${stderr.trim() || "no output"}`,
      "Give a URL such as http://my-api/hello; --from names another pod.",
    );
  }
}

async function listPods(rest: RestClient): Promise<Map<string, TracedPod>> {
  const { items } = await rest.list(Kinds.Pod);
  const withAddress = items.filter((pod) => pod.status?.podIP !== undefined);
  return new Map(withAddress.map((pod) => [pod.status?.podIP ?? "", toTracedPod(pod)]));
}

function toTracedPod({ metadata, spec, status }: Pod): TracedPod {
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    ip: status?.podIP ?? "",
    node: spec.nodeName ?? "",
  };
}
