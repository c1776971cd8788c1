import { rcodeName } from "@kubehop/dns-wire";
import { Counter, Gauge, type Registry } from "prom-client";
import { addressFamily, type Observer, type Query, type Recount } from "./query.ts";
import type { Reply } from "./reply.ts";
import { createPluginMetrics, type PluginMetrics } from "./plugins/metrics.ts";
import {
  type CounterSeries,
  createCounterFamily,
  createHistogramFamily,
  TIME_BUCKETS,
} from "./series.ts";

/** Octets; CoreDNS' request and response sizes. */
const SIZE_BUCKETS = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000,
];
/** Types that are counted by name (CoreDNS' plugin/metrics/vars); all others are `other`. */
const COUNTED_TYPES: ReadonlySet<string> = new Set(
  "A AAAA CNAME DNSKEY DS HTTPS MX NS NSEC NSEC3 PTR RRSIG SOA SRV TXT".split(" "),
);
/** Distinct label combinations kept for the fast path; zones and servers are few. */
const MAX_SERIES = 10_000;

/** The metrics of the server and its plugins, in CoreDNS' names. */
export interface DnsMetrics {
  readonly registry: Registry;
  /** Counts a query and its answer; the `prometheus` plugin asks for it. */
  readonly observeQuery: Observer;
  readonly panics: Counter;
  readonly pluginEnabled: Gauge;
  readonly reloadFailed: Counter;
  readonly reloadVersion: Gauge;
  readonly programmingDuration: (serviceKind: string) => { observe(seconds: number): void };
  readonly plugins: PluginMetrics;
}

/** Creates the metrics in a registry; once a process. */
export function createDnsMetrics(registry: Registry, version: string): DnsMetrics {
  const plain = { registers: [registry] };
  new Gauge({
    name: "coredns_build_info",
    help: "A metric with a constant '1' value labeled by version, revision, and goversion.",
    labelNames: ["version", "revision", "goversion"],
    aggregator: "first",
    ...plain,
  }).set({ version, revision: "", goversion: process.version }, 1);
  return {
    registry,
    observeQuery: createQueryObserver(registry),
    panics: new Counter({
      name: "coredns_panics_total",
      help: "A metrics that counts the number of panics.",
      ...plain,
    }),
    pluginEnabled: new Gauge({
      name: "coredns_plugin_enabled",
      help: "A metric that indicates whether a plugin is enabled on per server and zone basis.",
      labelNames: ["server", "zone", "view", "name"],
      aggregator: "first",
      ...plain,
    }),
    reloadFailed: new Counter({
      name: "coredns_reload_failed_total",
      help: "Counter of the number of failed reload attempts.",
      ...plain,
    }),
    reloadVersion: new Gauge({
      name: "coredns_reload_version_info",
      help: "A metric with a constant '1' value labeled by hash, and value.",
      labelNames: ["hash", "value"],
      aggregator: "first",
      ...plain,
    }),
    programmingDuration: createHistogramFamily(registry, {
      name: "coredns_kubernetes_dns_programming_duration_seconds",
      help: "Histogram of the time (in seconds) it took to program a dns instance.",
      labelNames: ["service_kind"],
      buckets: Array.from({ length: 20 }, (_, power) => 0.001 * 2 ** power),
    }),
    plugins: createPluginMetrics(registry),
  };
}

interface QuerySeries {
  readonly requests: CounterSeries;
  readonly duration: { observe(value: number): void };
  readonly requestSize: { observe(value: number): void };
  readonly responseSize: { observe(value: number): void };
  readonly doRequests: CounterSeries;
}

function createQueryObserver(registry: Registry): Observer {
  const find = createQuerySeries(registry);
  const responses = createCounterFamily(registry, {
    name: "coredns_dns_responses_total",
    help: "Counter of response status codes.",
    labelNames: ["server", "zone", "view", "rcode", "plugin"],
  });
  const known = new Map<string, QuerySeries>();
  const seriesOf = (query: Query): QuerySeries => {
    const { server, zone, view, protocol } = query;
    const { type: asked } = query.question;
    const type = COUNTED_TYPES.has(asked) ? asked : "other";
    const key = `${server} ${zone} ${view} ${protocol} ${addressFamily(query)} ${type}`;
    let series = known.get(key);
    if (series === undefined) {
      series = find([server, zone, view], [protocol, addressFamily(query), type]);
      if (known.size < MAX_SERIES) known.set(key, series);
    }
    return series;
  };
  const prepare = (query: Query, reply: Reply, octets: number): Recount => {
    const { server, zone, view, size, edns } = query;
    const series = seriesOf(query);
    const response = responses(server, zone, view, rcodeName(reply.rcode), reply.plugin);
    const dnssecOk = edns?.dnssecOk === true;
    return (startedAt) => {
      series.requests.inc();
      series.duration.observe((performance.now() - startedAt) / 1000);
      series.requestSize.observe(size);
      series.responseSize.observe(octets);
      if (dnssecOk) series.doRequests.inc();
      response.inc();
    };
  };
  const observe: Observer = (query, reply, octets) =>
    prepare(query, reply, octets)(query.startedAt);
  return Object.assign(observe, { again: prepare });
}

type FindSeries = (
  place: readonly [server: string, zone: string, view: string],
  rest: readonly string[],
) => QuerySeries;

function createQuerySeries(registry: Registry): FindSeries {
  const place = ["server", "zone", "view"];
  const requests = createCounterFamily(registry, {
    name: "coredns_dns_requests_total",
    help: "Counter of DNS requests made per zone, protocol and family.",
    labelNames: [...place, "proto", "family", "type"],
  });
  const duration = createHistogramFamily(registry, {
    name: "coredns_dns_request_duration_seconds",
    help: "Histogram of the time (in seconds) each request took per zone.",
    labelNames: place,
    buckets: TIME_BUCKETS,
  });
  const requestSize = createHistogramFamily(registry, {
    name: "coredns_dns_request_size_bytes",
    help: "Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.",
    labelNames: [...place, "proto"],
    buckets: SIZE_BUCKETS,
  });
  const responseSize = createHistogramFamily(registry, {
    name: "coredns_dns_response_size_bytes",
    help: "Size of the returned response in bytes.",
    labelNames: [...place, "proto"],
    buckets: SIZE_BUCKETS,
  });
  const doRequests = createCounterFamily(registry, {
    name: "coredns_dns_do_requests_total",
    help: "Counter of DNS requests with DO bit set per zone.",
    labelNames: place,
  });
  return (where, [proto = "", family = "", type = ""]) => ({
    requests: requests(...where, proto, family, type),
    duration: duration(...where),
    requestSize: requestSize(...where, proto),
    responseSize: responseSize(...where, proto),
    doRequests: doRequests(...where),
  });
}
