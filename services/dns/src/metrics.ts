import { rcodeName } from "@kubehop/dns-wire";
import { Counter, Gauge, type Registry } from "prom-client";
import { addressFamily, type Observer } from "./query.ts";
import { type CounterSeries, createCounterFamily, createHistogramFamily } from "./series.ts";

/** Seconds; 0.25 ms doubled 16 times, as CoreDNS' plugin.TimeBuckets. */
const TIME_BUCKETS = Array.from({ length: 16 }, (_, power) => 0.00025 * 2 ** power);
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

type CounterFamily = (...labels: readonly string[]) => CounterSeries;

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
  readonly cache: CacheMetrics;
  readonly forward: ForwardMetrics;
  readonly health: HealthMetrics;
  readonly hosts: { readonly entries: Gauge; readonly reloadTime: Gauge };
}

/** The `cache` plugin's; labels server, zones, view, and type (success or denial) where it applies. */
export interface CacheMetrics {
  readonly entries: Gauge;
  readonly hits: CounterFamily;
  readonly misses: CounterFamily;
  readonly requests: CounterFamily;
  readonly prefetch: CounterFamily;
  readonly servedStale: CounterFamily;
  readonly evictions: CounterFamily;
}

/** The `forward` plugin's. */
export interface ForwardMetrics {
  readonly healthcheckBroken: Counter;
  readonly maxConcurrentRejects: Counter;
  /** Labels proxy_name, to, rcode; seconds. */
  readonly requestDuration: (...labels: readonly string[]) => { observe(seconds: number): void };
  readonly healthcheckFailures: CounterFamily;
  readonly connCacheHits: CounterFamily;
  readonly connCacheMisses: CounterFamily;
}

/** The `health` plugin's. */
export interface HealthMetrics {
  readonly duration: { observe(seconds: number): void };
  readonly failures: Counter;
}

/** Creates the metrics in a registry; once a process. */
export function createDnsMetrics(registry: Registry, version: string): DnsMetrics {
  const plain = { registers: [registry] };
  new Gauge({
    name: "coredns_build_info",
    help: "A metric with a constant '1' value labeled by version, revision, and goversion.",
    labelNames: ["version", "revision", "goversion"],
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
      ...plain,
    }),
    programmingDuration: createHistogramFamily(registry, {
      name: "coredns_kubernetes_dns_programming_duration_seconds",
      help: "Histogram of the time (in seconds) it took to program a dns instance.",
      labelNames: ["service_kind"],
      buckets: Array.from({ length: 20 }, (_, power) => 0.001 * 2 ** power),
    }),
    cache: createCacheMetrics(registry),
    forward: createForwardMetrics(registry),
    health: createHealthMetrics(registry),
    hosts: {
      entries: new Gauge({
        name: "coredns_hosts_entries",
        help: "The combined number of entries in hosts and Corefile.",
        ...plain,
      }),
      reloadTime: new Gauge({
        name: "coredns_hosts_reload_timestamp_seconds",
        help: "The timestamp of the last reload of hosts file.",
        ...plain,
      }),
    },
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
  return (query, reply, octets) => {
    const { server, zone, protocol } = query;
    const { type: asked } = query.question;
    const type = COUNTED_TYPES.has(asked) ? asked : "other";
    const key = `${server} ${zone} ${protocol} ${addressFamily(query)} ${type}`;
    let series = known.get(key);
    if (series === undefined) {
      series = find(server, zone, [protocol, addressFamily(query), type]);
      if (known.size < MAX_SERIES) known.set(key, series);
    }
    series.requests.inc();
    series.duration.observe((performance.now() - query.startedAt) / 1000);
    series.requestSize.observe(query.size);
    series.responseSize.observe(octets);
    if (query.edns?.dnssecOk === true) series.doRequests.inc();
    responses(server, zone, "", rcodeName(reply.rcode), reply.plugin).inc();
  };
}

type FindSeries = (server: string, zone: string, rest: readonly string[]) => QuerySeries;

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
  return (server, zone, [proto = "", family = "", type = ""]) => ({
    requests: requests(server, zone, "", proto, family, type),
    duration: duration(server, zone, ""),
    requestSize: requestSize(server, zone, "", proto),
    responseSize: responseSize(server, zone, "", proto),
    doRequests: doRequests(server, zone, ""),
  });
}

function createCacheMetrics(registry: Registry): CacheMetrics {
  const counter = (name: string, help: string, type: readonly string[] = []): CounterFamily =>
    createCounterFamily(registry, {
      name: `coredns_cache_${name}`,
      help,
      labelNames: ["server", ...type, "zones", "view"],
    });
  return {
    entries: new Gauge({
      name: "coredns_cache_entries",
      help: "The number of elements in the cache.",
      labelNames: ["server", "type", "zones", "view"],
      registers: [registry],
    }),
    hits: counter("hits_total", "The count of cache hits.", ["type"]),
    misses: counter("misses_total", "The count of cache misses. Deprecated, derive it."),
    requests: counter("requests_total", "The count of cache requests."),
    prefetch: counter("prefetch_total", "The number of times the cache has prefetched an item."),
    servedStale: counter("served_stale_total", "The number of requests served from stale entries."),
    evictions: counter("evictions_total", "The count of cache evictions.", ["type"]),
  };
}

function createForwardMetrics(registry: Registry): ForwardMetrics {
  const registers = [registry];
  const proxy = ["proxy_name", "to"];
  return {
    healthcheckBroken: new Counter({
      name: "coredns_forward_healthcheck_broken_total",
      help: "Counter of the number of complete failures of the healthchecks.",
      registers,
    }),
    maxConcurrentRejects: new Counter({
      name: "coredns_forward_max_concurrent_rejects_total",
      help: "Counter of the number of queries rejected because the concurrent queries were at maximum.",
      registers,
    }),
    requestDuration: createHistogramFamily(registry, {
      name: "coredns_proxy_request_duration_seconds",
      help: "Histogram of the time each request took.",
      labelNames: [...proxy, "rcode"],
      buckets: TIME_BUCKETS,
    }),
    healthcheckFailures: createCounterFamily(registry, {
      name: "coredns_proxy_healthcheck_failures_total",
      help: "Counter of the number of failed healthchecks.",
      labelNames: proxy,
    }),
    connCacheHits: createCounterFamily(registry, {
      name: "coredns_proxy_conn_cache_hits_total",
      help: "Counter of connection cache hits per upstream and protocol.",
      labelNames: [...proxy, "proto"],
    }),
    connCacheMisses: createCounterFamily(registry, {
      name: "coredns_proxy_conn_cache_misses_total",
      help: "Counter of connection cache misses per upstream and protocol.",
      labelNames: [...proxy, "proto"],
    }),
  };
}

function createHealthMetrics(registry: Registry): HealthMetrics {
  return {
    duration: createHistogramFamily(registry, {
      name: "coredns_health_request_duration_seconds",
      help: "Histogram of the time (in seconds) each request took.",
      labelNames: [],
      buckets: TIME_BUCKETS,
    })(),
    failures: new Counter({
      name: "coredns_health_request_failures_total",
      help: "The number of times the health check failed.",
      registers: [registry],
    }),
  };
}
