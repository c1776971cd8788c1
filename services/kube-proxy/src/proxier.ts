import { type EndpointSlice, type Node, type Service, ZONE_LABEL } from "@kubehop/api";
import type { HopTracer, Informer } from "@kubehop/client";
import type { Clock, Logger } from "@kubehop/kit";
import type { EventEmitter } from "node:events";
import type { DataPlane } from "./dataplane/dataplane.ts";
import type { ProxyHealth } from "./health.ts";
import type { ProxyMetrics } from "./metrics.ts";
import { createNodeTable } from "./node-table.ts";
import type { ServiceHealth } from "./service-health.ts";
import { createProgrammingLatency } from "./programming-latency.ts";

/** What the proxier follows and what it drives. */
export interface ProxierOptions {
  readonly services: Informer<Service>;
  /** With the index `SLICES_BY_SERVICE`. */
  readonly slices: Informer<EndpointSlice>;
  readonly nodes: Informer<Node>;
  readonly node: { readonly name: string; readonly addresses: readonly string[] };
  readonly dataPlane: DataPlane;
  /** The data plane's wishes for a sync without a change. */
  readonly requests: EventEmitter<{ sync: [] }>;
  readonly serviceHealth: ServiceHealth;
  readonly tracer: HopTracer;
  readonly metrics: ProxyMetrics;
  readonly health: ProxyHealth;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes the data plane serve what the informers hold. */
export interface Proxier {
  /** Applies the whole present state; with nothing changed it changes nothing. */
  sync(): Promise<void>;
  /** Follows the informers, from before they start, and calls back whenever a sync is needed. */
  onChange(request: () => void): Disposable;
}

/** Creates a proxier. Its informers must have synced before the first `sync`. */
export function createProxier(options: ProxierOptions): Proxier {
  const { services, slices, nodes, dataPlane, tracer, metrics, health, clock, logger } = options;
  const latency = createProgrammingLatency(clock.now());
  const nodeTable = createNodeTable({
    services: services.store,
    slices: slices.store,
    node: options.node,
  });

  return {
    async sync() {
      const startedAt = clock.monotonic();
      const zone = nodes.store.get(options.node.name)?.metadata.labels?.[ZONE_LABEL];
      const revision = String(Math.max(services.revision(), slices.revision(), nodes.revision()));
      const triggers = latency.take();
      health.syncing();
      const table = nodeTable.build(zone, revision);
      const kind = await dataPlane.sync(table);
      await options.serviceHealth.sync(table);
      health.synced();
      const durationMs = clock.monotonic() - startedAt;
      const now = clock.now();
      const latenciesSeconds = triggers.map((time) => (now - time) / 1_000);
      metrics.synced({ durationSeconds: durationMs / 1_000, kind, latenciesSeconds, table });
      tracer.synced(revision);
      logger.debug({ revision, frontends: table.frontends.size, durationMs }, "table applied");
    },
    onChange(request) {
      const changed = (): void => {
        health.queued();
        request();
      };
      const subscriptions = new DisposableStack();
      options.requests.on("sync", changed);
      subscriptions.defer(() => void options.requests.off("sync", changed));
      subscriptions.use(
        services.onChange(({ key }) => {
          nodeTable.touchService(key);
          metrics.changed("service");
          changed();
        }),
      );
      subscriptions.use(
        slices.onChange(({ previous, current }) => {
          nodeTable.touchSlice(previous, current);
          latency.note(previous, current);
          metrics.changed("endpoint");
          changed();
        }),
      );
      subscriptions.use(
        nodes.onChange(({ previous, current }) => {
          const zoneOf = (node?: Node): string | undefined => node?.metadata.labels?.[ZONE_LABEL];
          const own = (current ?? previous)?.metadata.name === options.node.name;
          if (own && zoneOf(previous) !== zoneOf(current)) changed();
        }),
      );
      return subscriptions;
    },
  };
}
