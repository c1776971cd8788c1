import { type TracedQuery, traceLookup } from "@kubehop/trace";
import { askingPod, type FromOptions } from "./client-pod.ts";
import type { Cluster } from "./cluster.ts";

/** How a name is resolved. */
export interface ResolveOptions extends FromOptions {
  /** Default A and AAAA, as getaddrinfo asks. PTR takes an address, too. */
  readonly type?: "A" | "AAAA" | "CNAME" | "SRV" | "PTR" | "TXT";
  /** For all steps together, in ms; default 10 s. */
  readonly timeoutMs?: number;
}

/** What came of a look-up. */
export interface Resolution {
  /** Addresses, names or texts; of SRV "PRIORITY WEIGHT PORT TARGET". Empty when there are none. */
  readonly answers: readonly string[];
  /**
   * NOERROR when there is an answer, else that of the last step; absent when no server answered. The
   * last step of a short name leaves the cluster, to which a lab says SERVFAIL; a name that ends
   * with a dot has one step.
   */
  readonly rcode?: string;
  /** The full name that had the answer. */
  readonly name?: string;
  /** Why there is no answer: NXDOMAIN, NODATA, SERVFAIL, TIMEOUT or REFUSED. */
  readonly failure?: string;
  /**
   * Every query that was sent, in order: the way through the search list, each with the proxy's
   * choice and the DNS pod's answer.
   */
  readonly steps: readonly TracedQuery[];
}

const LOOKUP = ["kubehop", "sample-app", "lookup"];
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Looks a name up from inside a pod, as its resolver would. A name without answer is no failure.
 * Throws PodError when the pod cannot ask.
 */
export async function resolveName(
  cluster: Cluster,
  name: string,
  options: ResolveOptions = {},
): Promise<Resolution> {
  const pod = await askingPod(cluster, options);
  const { type, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { report, queries } = await traceLookup({
    rest: cluster.rest,
    server: cluster.server,
    pod,
    name,
    lookup: LOOKUP,
    flags: [`--timeout=${timeoutMs}ms`],
    ...(type === undefined ? {} : { type }),
    signal: AbortSignal.timeout(timeoutMs + DEFAULT_TIMEOUT_MS),
  });
  const { answers, failure } = report;
  const rcode = answers.length > 0 ? "NOERROR" : queries.at(-1)?.rcode;
  return {
    answers,
    ...(rcode === undefined ? {} : { rcode }),
    ...(report.name === undefined ? {} : { name: report.name }),
    ...(failure === undefined ? {} : { failure }),
    steps: queries,
  };
}
