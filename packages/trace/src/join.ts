import type {
  ForwardedEvent,
  HopAddress,
  HopEvent,
  RejectedEvent,
  ResolvedEvent,
} from "@kubehop/api";
import type {
  FetchConnection,
  FetchFailedConnection,
  FetchQuery,
  FetchReport,
} from "./fetch-report.ts";

/** What a kube-proxy did with a flow. */
export type ProxyHop = ForwardedEvent | RejectedEvent;

/** A DNS query with the hops it took. */
export interface TracedQuery extends FetchQuery {
  /** The client's node's proxy; absent when it told nothing. */
  readonly proxy?: ProxyHop;
  /** The DNS pod that answered. */
  readonly resolved?: ResolvedEvent;
}

/** A connection with the hop it took. */
export interface TracedConnection extends FetchConnection {
  readonly proxy?: ProxyHop;
}

/** A connection that failed, with what the proxy said of it. */
export interface TracedFailure extends FetchFailedConnection {
  readonly proxy?: RejectedEvent;
}

/** A request with every hop that was seen, in the order they happened. */
export interface TracedRequest extends Omit<
  FetchReport,
  "queries" | "connection" | "failedConnections"
> {
  readonly queries: readonly TracedQuery[];
  readonly failedConnections: readonly TracedFailure[];
  readonly connection?: TracedConnection;
  /** Every flow to a Service has its proxy's event, every answer its DNS pod's. */
  readonly complete: boolean;
}

/** What is joined. */
export interface JoinInput {
  readonly report: FetchReport;
  readonly events: readonly HopEvent[];
  /** The client pod's address, for connections whose own end is not known. */
  readonly clientIp: string;
  /** Addresses of pods: a flow to one of them passes no proxy. */
  readonly podIps: ReadonlySet<string>;
}

/**
 * Joins what a client saw of its request with what proxies and DNS pods said, by 5-tuple:
 *
 * - client → frontend of a flow is the client's own socket and where it connected;
 * - a DNS pod's client is the proxy's own end of the forwarded flow.
 *
 * Events of other flows are passed over. Ports are used again, so of several events the one
 * nearest in time counts.
 */
export function joinTrace({ report, events, clientIp, podIps }: JoinInput): TracedRequest {
  const { queries, complete } = joinQueries(report.queries, events, podIps);
  const failedConnections = report.failedConnections.map((failure) =>
    joinFailure(failure, events, clientIp),
  );
  const connection =
    report.connection === undefined ? undefined : joinConnection(report.connection, events);
  const { connection: _own, ...rest } = report;
  return {
    ...rest,
    queries,
    failedConnections,
    ...(connection === undefined ? {} : { connection }),
    complete: complete && (connection?.proxy !== undefined || isDirect(connection?.remote, podIps)),
  };
}

/** DNS queries with their hops. */
export interface TracedQueries {
  readonly queries: readonly TracedQuery[];
  /** Each query has its proxy's event, each answer its DNS pod's. */
  readonly complete: boolean;
}

/** Joins the queries alone, in the same way. */
export function joinQueries(
  sent: readonly FetchQuery[],
  events: readonly HopEvent[],
  podIps: ReadonlySet<string>,
): TracedQueries {
  const queries = sent.map((query) => joinQuery(query, events));
  return { queries, complete: queries.every((query) => isQueryComplete(query, podIps)) };
}

function joinQuery(query: FetchQuery, events: readonly HopEvent[]): TracedQuery {
  const proxy = nearest(
    events.filter((event) => isProxyHop(event) && isFlow(event, query.protocol, query)),
    query.time,
  );
  const resolved = nearest(
    events.filter((event) => event.type === "resolved" && isAnswer(event, query, proxy)),
    query.time,
  );
  return {
    ...query,
    ...(proxy === undefined ? {} : { proxy: proxy as ProxyHop }),
    ...(resolved === undefined ? {} : { resolved: resolved as ResolvedEvent }),
  };
}

function joinConnection(
  connection: FetchConnection,
  events: readonly HopEvent[],
): TracedConnection {
  const flow = { local: connection.local, server: connection.remote };
  const hops = events.filter((event) => isProxyHop(event) && isFlow(event, "TCP", flow));
  const proxy = nearest(hops, connection.time);
  return { ...connection, ...(proxy === undefined ? {} : { proxy: proxy as ProxyHop }) };
}

function joinFailure(
  failure: FetchFailedConnection,
  events: readonly HopEvent[],
  clientIp: string,
): TracedFailure {
  const proxy = events.find(
    (event) =>
      event.type === "rejected" &&
      event.protocol === "TCP" &&
      event.client.ip === clientIp &&
      isSame(event.frontend, failure.remote),
  );
  return { ...failure, ...(proxy === undefined ? {} : { proxy: proxy as RejectedEvent }) };
}

function isProxyHop(event: HopEvent): event is ProxyHop {
  return event.type === "forwarded" || event.type === "rejected";
}

function isFlow(
  hop: ProxyHop,
  protocol: string,
  flow: { local: HopAddress; server: HopAddress },
): boolean {
  return (
    hop.protocol === protocol && isSame(hop.client, flow.local) && isSame(hop.frontend, flow.server)
  );
}

/** A DNS pod sees the proxy as its client, or the pod itself when no proxy is between. */
function isAnswer(event: ResolvedEvent, query: FetchQuery, proxy: HopEvent | undefined): boolean {
  const client = proxy?.type === "forwarded" ? proxy.upstream : query.local;
  return (
    event.protocol === query.protocol &&
    isSame(event.client, client) &&
    event.question.type === query.type &&
    withoutDot(event.question.name) === withoutDot(query.name)
  );
}

function isSame(a: HopAddress, b: HopAddress): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function withoutDot(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function nearest(events: readonly HopEvent[], time: number): HopEvent | undefined {
  const distance = (event: HopEvent): number => Math.abs(event.time - time);
  return [...events].sort((a, b) => distance(a) - distance(b))[0];
}

/** A flow's later queries ride on the proxy's decision for the first one, so all have one. */
function isQueryComplete(query: TracedQuery, podIps: ReadonlySet<string>): boolean {
  if (query.proxy === undefined && !isDirect(query.server, podIps)) return false;
  const answered = query.rcode !== undefined && query.proxy?.type !== "rejected";
  return !answered || query.resolved !== undefined;
}

/** Whether nothing was between: no connection at all, or one to a pod's own address. */
function isDirect(remote: HopAddress | undefined, podIps: ReadonlySet<string>): boolean {
  return remote === undefined || podIps.has(remote.ip);
}
