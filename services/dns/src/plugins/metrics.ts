import { Counter, Gauge, type Registry } from "prom-client";
import {
  type CounterFamily,
  createCounterFamily,
  createHistogramFamily,
  type HistogramSeries,
  TIME_BUCKETS,
} from "../series.ts";

/** The metrics of single plugins, in CoreDNS' names. */
export interface PluginMetrics {
  readonly acl: AclMetrics;
  /** Labels server. */
  readonly autopathSuccess: CounterFamily;
  readonly cache: CacheMetrics;
  /** Labels server. */
  readonly dns64Translated: CounterFamily;
  readonly forward: ForwardMetrics;
  readonly health: HealthMetrics;
  readonly hosts: { readonly entries: Gauge; readonly reloadTime: Gauge };
  readonly restClient: RestClientMetrics;
  readonly template: TemplateMetrics;
}

/** Requests to an API server of the `kubernetes` plugin. */
export interface RestClientMetrics {
  /** Labels verb, host; seconds. */
  readonly duration: (...labels: readonly string[]) => HistogramSeries;
  /** Labels verb, host; seconds waited for `apiserver_qps`. */
  readonly rateLimiter: (...labels: readonly string[]) => HistogramSeries;
  /** Labels code, method, host. */
  readonly requests: CounterFamily;
}

/** The `acl` plugin's: queries by what became of them; labels server, zone, view. */
export interface AclMetrics {
  readonly blocked: CounterFamily;
  readonly filtered: CounterFamily;
  readonly dropped: CounterFamily;
  /** Labels server, view. */
  readonly allowed: CounterFamily;
}

/** The `template` plugin's; labels server, zone, view, class, type and what `more` says. */
export interface TemplateMetrics {
  readonly matches: CounterFamily;
  /** More labels: section, template. */
  readonly templateFailures: CounterFamily;
  /** More labels: section, template. */
  readonly rrFailures: CounterFamily;
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
  readonly requestDuration: (...labels: readonly string[]) => HistogramSeries;
  readonly healthcheckFailures: CounterFamily;
  readonly connCacheHits: CounterFamily;
  readonly connCacheMisses: CounterFamily;
}

/** The `health` plugin's. */
export interface HealthMetrics {
  readonly duration: HistogramSeries;
  readonly failures: Counter;
}

/** Creates them; once a process. */
export function createPluginMetrics(registry: Registry): PluginMetrics {
  const counter = createCounters(registry);
  return {
    acl: createAclMetrics(counter),
    autopathSuccess: counter("coredns_autopath_success_total", "Requests answered by autopath."),
    cache: createCacheMetrics(registry),
    dns64Translated: counter("coredns_dns64_requests_translated_total", "Requests translated."),
    forward: createForwardMetrics(registry),
    health: createHealthMetrics(registry),
    hosts: createHostsMetrics(registry),
    restClient: createRestClientMetrics(registry),
    template: createTemplateMetrics(counter),
  };
}

type Counters = (name: string, help: string, labelNames?: readonly string[]) => CounterFamily;

function createCounters(registry: Registry): Counters {
  return (name, help, labelNames = ["server"]) =>
    createCounterFamily(registry, { name, help, labelNames });
}

const PLACE: readonly string[] = ["server", "zone", "view"];

function createAclMetrics(counter: Counters): AclMetrics {
  return {
    blocked: counter("coredns_acl_blocked_requests_total", "Requests being blocked.", PLACE),
    filtered: counter("coredns_acl_filtered_requests_total", "Requests being filtered.", PLACE),
    dropped: counter("coredns_acl_dropped_requests_total", "Requests being dropped.", PLACE),
    allowed: counter("coredns_acl_allowed_requests_total", "Requests being allowed.", [
      "server",
      "view",
    ]),
  };
}

function createRestClientMetrics(registry: Registry): RestClientMetrics {
  const labelNames = ["verb", "host"];
  return {
    duration: createHistogramFamily(registry, {
      name: "coredns_kubernetes_rest_client_request_duration_seconds",
      help: "Request latency in seconds. Broken down by verb and host.",
      labelNames,
      buckets: TIME_BUCKETS,
    }),
    rateLimiter: createHistogramFamily(registry, {
      name: "coredns_kubernetes_rest_client_rate_limiter_duration_seconds",
      help: "Client side rate limiter latency in seconds. Broken down by verb and host.",
      labelNames,
      buckets: TIME_BUCKETS,
    }),
    requests: createCounterFamily(registry, {
      name: "coredns_kubernetes_rest_client_requests_total",
      help: "Number of HTTP requests, partitioned by status code, method, and host.",
      labelNames: ["code", "method", "host"],
    }),
  };
}

function createTemplateMetrics(counter: Counters): TemplateMetrics {
  const labels = [...PLACE, "class", "type"];
  const failed = [...labels, "section", "template"];
  return {
    matches: counter("coredns_template_matches_total", "Matches of a regular expression.", labels),
    templateFailures: counter(
      "coredns_template_template_failures_total",
      "Templates that failed.",
      failed,
    ),
    rrFailures: counter("coredns_template_rr_failures_total", "Records that are none.", failed),
  };
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

function createHostsMetrics(registry: Registry): PluginMetrics["hosts"] {
  const registers = [registry];
  return {
    entries: new Gauge({
      name: "coredns_hosts_entries",
      help: "The combined number of entries in hosts and Corefile.",
      aggregator: "first",
      registers,
    }),
    reloadTime: new Gauge({
      name: "coredns_hosts_reload_timestamp_seconds",
      help: "The timestamp of the last reload of hosts file.",
      aggregator: "first",
      registers,
    }),
  };
}
