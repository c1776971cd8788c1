import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { WatchCache } from "./watch/cache.ts";

/** What a request was, as the labels of upstream's metrics. */
export interface RequestLabels {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** cluster, namespace or resource; empty for paths that are none. */
  readonly scope: string;
  /** All for a dry run, else empty. */
  readonly dryRun: string;
}

/** The group, version and kind of a watch. */
export interface WatchLabels {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What the API server counts. */
export interface ApiServerMetrics {
  /** A request came; call the result when it was answered, or its watch has begun. */
  requestStarted(mutating: boolean): () => void;
  requestDone(
    labels: RequestLabels,
    answer: { readonly code: number; readonly seconds: number; readonly bytes: number },
  ): void;
  /** A watch or another stream began; call the result when it has ended. */
  streamStarted(labels: RequestLabels): () => void;
  watchEvent(labels: WatchLabels, bytes: number): void;
  watcherDropped(labels: WatchLabels): void;
}

const REQUEST = ["component", "group", "resource", "scope", "subresource", "verb", "version"];
const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10, 30, 60];
const BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const EVENT_BYTES = [1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072];

/** Registers the API server's metrics (names and labels: k8s.io/apiserver). */
export function createApiServerMetrics(
  registry: Registry,
  cache: WatchCache,
  gitVersion: string,
): ApiServerMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "apiserver_request_total",
    help: "Requests answered, by verb, resource, dry run and HTTP code.",
    labelNames: [...REQUEST, "code", "dry_run"],
    registers,
  });
  const durations = new Histogram({
    name: "apiserver_request_duration_seconds",
    help: "Time to answer a request, watches and other streams excluded.",
    labelNames: [...REQUEST, "dry_run"],
    buckets: SECONDS,
    registers,
  });
  const inflight = new Gauge({
    name: "apiserver_current_inflight_requests",
    help: "Requests being answered now, streams excluded.",
    labelNames: ["request_kind"],
    registers,
  });
  const streams = new Gauge({
    name: "apiserver_longrunning_requests",
    help: "Watches, logs and other streams that are open now.",
    labelNames: REQUEST,
    registers,
  });
  const sizes = new Histogram({
    name: "apiserver_response_sizes",
    help: "Bytes of an answer's body, streams excluded.",
    labelNames: REQUEST,
    buckets: BYTES,
    registers,
  });
  registerGauges(registry, cache, gitVersion);
  return {
    ...createWatchMetrics(registry),
    requestStarted(mutating) {
      const labels = { request_kind: mutating ? "mutating" : "readOnly" };
      inflight.inc(labels);
      return () => inflight.dec(labels);
    },
    requestDone(request, { code, seconds, bytes }) {
      const labels = labelsOf(request);
      requests.inc({ ...labels, dry_run: request.dryRun, code });
      if (request.verb === "WATCH") return;
      durations.observe({ ...labels, dry_run: request.dryRun }, seconds);
      sizes.observe(labels, bytes);
    },
    streamStarted(request) {
      const labels = labelsOf(request);
      streams.inc(labels);
      return () => streams.dec(labels);
    },
  };
}

function createWatchMetrics(
  registry: Registry,
): Pick<ApiServerMetrics, "watchEvent" | "watcherDropped"> {
  const registers = [registry];
  const labelNames = ["group", "version", "kind"];
  const events = new Counter({
    name: "apiserver_watch_events_total",
    help: "Events sent to watchers.",
    labelNames,
    registers,
  });
  const sizes = new Histogram({
    name: "apiserver_watch_events_sizes",
    help: "Bytes of an event sent to a watcher.",
    labelNames,
    buckets: EVENT_BYTES,
    registers,
  });
  const dropped = new Counter({
    name: "apiserver_terminated_watchers_total",
    help: "Watchers dropped because they read too slowly.",
    labelNames,
    registers,
  });
  return {
    watchEvent({ group, version, kind }, bytes) {
      events.inc({ group, version, kind });
      sizes.observe({ group, version, kind }, bytes);
    },
    watcherDropped: ({ group, version, kind }) => dropped.inc({ group, version, kind }),
  };
}

function registerGauges(registry: Registry, cache: WatchCache, gitVersion: string): void {
  const registers = [registry];
  const objects: Gauge = new Gauge({
    name: "apiserver_storage_objects",
    help: "Objects stored, by resource.",
    labelNames: ["resource"],
    registers,
    collect() {
      for (const [resource, size] of cache.sizes()) {
        const [plural = "", group] = resource.split("/");
        objects.set({ resource: group === undefined ? plural : resource }, size);
      }
    },
  });
  const revision: Gauge = new Gauge({
    name: "kubehop_apiserver_registry_revision",
    help: "Newest revision of the registry that this server has applied.",
    registers,
    collect() {
      revision.set(cache.revision());
    },
  });
  new Gauge({
    name: "kubernetes_build_info",
    help: "The version of this server; always 1.",
    labelNames: ["git_version", "major", "minor"],
    registers,
  }).set({ git_version: gitVersion, major: "1", minor: "32" }, 1);
}

function labelsOf(labels: RequestLabels): Record<string, string> {
  const { dryRun: _separate, ...rest } = labels;
  return { component: "apiserver", ...rest };
}
