import { createStyle, formatLadder, type Trace, traceRequest } from "@kubehop/trace";
import { askingPod, type FromOptions } from "./client-pod.ts";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

/** How a request is sent. */
export interface RequestOptions extends FromOptions {
  /** Default GET, with a body POST. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text; at most what a command line takes, about 100 KiB. */
  readonly body?: string;
  /** For look-up, connection and answer together, in ms; default 10 s. */
  readonly timeoutMs?: number;
  /** Do not check the certificate of an https URL. */
  readonly insecure?: boolean;
}

/** An HTTP answer with the way it took. */
export interface TracedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** At most 64 KiB of it, as UTF-8. */
  readonly body: string;
  readonly truncated: boolean;
  /** From the request to the last octet. */
  readonly ms: number;
  /** Every hop: queries, proxies' choices with candidates and draw, the connection. */
  readonly trace: Trace;
  /** The hops as lines for people, as `kubehop trace` prints them. */
  explain(): string;
}

/** A request without an answer. */
export class RequestError extends KubehopError {
  override readonly name = "RequestError";
  /** How far it came. */
  readonly step: "dns" | "connect" | "http";
  /** NXDOMAIN, ECONNREFUSED, ECONNRESET, timeout … */
  readonly reason: string;
  readonly trace: Trace;

  constructor(trace: Trace, error: NonNullable<Trace["request"]["error"]>) {
    super(error.message, formatLadder(trace, createStyle(false)));
    this.step = error.step;
    this.reason = error.reason;
    this.trace = trace;
  }
}

const FETCH = ["kubehop", "sample-app", "fetch"];
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Sends one request from inside a pod and gives the answer with every hop of it. An HTTP error
 * status is an answer. Rejects with RequestError when none came.
 */
export async function sendRequest(
  cluster: Cluster,
  url: string,
  options: RequestOptions = {},
): Promise<TracedResponse> {
  const pod = await askingPod(cluster, options);
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const trace = await traceRequest({
    rest: cluster.rest,
    server: cluster.server,
    fetch: FETCH,
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    flags: toFlags(options, timeoutMs),
    pod,
    url,
    signal: AbortSignal.timeout(timeoutMs + DEFAULT_TIMEOUT_MS),
  });
  const { response, error } = trace.request;
  if (error !== undefined) throw new RequestError(trace, error);
  if (response === undefined) throw new Error("a request ends with a response or an error");
  return { ...response, trace, explain: () => formatLadder(trace, createStyle(false)) };
}

function toFlags(options: RequestOptions, timeoutMs: number): string[] {
  const { body = "", headers = {}, insecure = false } = options;
  return [
    `--timeout=${timeoutMs}ms`,
    ...(body === "" ? [] : [`--data=${body}`]),
    ...(insecure ? ["--insecure"] : []),
    ...Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`),
  ];
}
