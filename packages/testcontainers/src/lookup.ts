import { execToText, type FetchQuery, type LookupReport } from "@kubehop/trace";
import { askingPod, type FromOptions } from "./client-pod.ts";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

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
  /** NOERROR when there is an answer, else that of the last step; absent when no server answered. */
  readonly rcode?: string;
  /** The full name that had the answer. */
  readonly name?: string;
  /** Why there is no answer: NXDOMAIN, NODATA, SERVFAIL, TIMEOUT or REFUSED. */
  readonly failure?: string;
  /** Every query that was sent, in order: the way through the search list. */
  readonly steps: readonly FetchQuery[];
}

const LOOKUP = ["kubehop", "sample-app", "lookup"];
const DEFAULT_TIMEOUT_MS = 10_000;
const WRONG_USAGE = 2;

/** Looks a name up from inside a pod, as its resolver would. A name without answer is no failure. */
export async function resolveName(
  cluster: Cluster,
  name: string,
  options: ResolveOptions = {},
): Promise<Resolution> {
  const pod = await askingPod(cluster, options);
  const { type, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { namespace = "default", name: podName } = pod.metadata;
  const { exitCode, stdout, stderr } = await execToText({
    server: cluster.server,
    namespace,
    pod: podName,
    command: [
      ...LOOKUP,
      "--json",
      `--timeout=${timeoutMs}ms`,
      ...(type === undefined ? [] : [`--type=${type}`]),
      "--",
      name,
    ],
    signal: AbortSignal.timeout(timeoutMs + DEFAULT_TIMEOUT_MS),
  });
  if (exitCode === WRONG_USAGE || stdout === "") {
    throw new KubehopError(
      `"${name}" could not be looked up from pod ${namespace}/${podName}: ${stderr.trim()}`,
      "Give a name such as my-api or my-api.default.svc.cluster.local.",
    );
  }
  return toResolution(JSON.parse(stdout) as LookupReport);
}

function toResolution({ answers, name, failure, queries }: LookupReport): Resolution {
  const rcode = answers.length > 0 ? "NOERROR" : queries.at(-1)?.rcode;
  return {
    answers,
    ...(rcode === undefined ? {} : { rcode }),
    ...(name === undefined ? {} : { name }),
    ...(failure === undefined ? {} : { failure }),
    steps: queries,
  };
}
