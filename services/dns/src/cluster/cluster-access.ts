import {
  type Bus,
  connectBus,
  createHopTracer,
  createRestClient,
  type HopTracer,
  type RestOptions,
} from "@kubehop/client";
import type { Clock, Logger } from "@kubehop/kit";
import type { DnsMetrics } from "../metrics.ts";
import { type BusSource, createBusSource } from "./bus-source.ts";
import type { ClusterSource } from "./cluster-source.ts";
import { type ClusterView, createClusterView } from "./cluster-view.ts";
import { createRequestGate, type RequestLimits } from "./request-gate.ts";
import { createRestSource, type RestSource } from "./rest-source.ts";

/** How the registry is reached. */
export interface ClusterAccessOptions {
  readonly bus:
    | { readonly url: string; readonly user: string; readonly password: string }
    | undefined;
  /** Used instead of the bus: what tests hand in. */
  readonly source?: ClusterSource;
  /** The name under which hop events are sent: the pod's. */
  readonly node: string;
  readonly logger: Logger;
  readonly metrics: DnsMetrics;
  readonly clock: Clock;
  /** Called when the bus refuses this process for good. */
  onRefused(): void;
}

/** An API server that is followed instead of the bus. */
export interface ApiServerAccess {
  readonly rest: RestOptions;
  readonly limits: RequestLimits;
}

/** Which cluster is looked at, and whether its pods are needed. */
export interface ViewOptions {
  readonly pods: boolean;
  readonly apiServer?: ApiServerAccess | undefined;
}

/** Clusters as this process sees them: connected at the first use, kept over reloads. */
export interface ClusterAccess extends AsyncDisposable {
  /** Throws when neither a bus nor a source is configured. */
  view(options: ViewOptions): ClusterView;
  /** Undefined until the bus is connected. */
  tracer(): HopTracer | undefined;
  /** The registry revision that answers reflect. */
  revision(): number;
}

/** Creates the access; it connects to nothing before `view`. */
export function createClusterAccess(options: ClusterAccessOptions): ClusterAccess {
  const stop = new AbortController();
  let connecting: Promise<Bus> | undefined;
  let source: BusSource | undefined;
  let view: ClusterView | undefined;
  let tracer: HopTracer | undefined;

  const openTracer = async (connection: Promise<Bus>): Promise<void> => {
    try {
      const { node, clock } = options;
      tracer = createHopTracer({ bus: await connection, component: "dns", node, clock });
    } catch (error) {
      if (stop.signal.aborted) return;
      options.logger.fatal({ err: error }, "the bus cannot be used");
      options.onRefused();
    }
  };
  const openSource = (): ClusterSource => {
    if (options.source !== undefined) return options.source;
    connecting = connect(options, stop.signal);
    void openTracer(connecting);
    source = createBusSource(connecting, options.logger);
    return source;
  };
  const others = new Map<string, { source: RestSource; view: ClusterView }>();
  return {
    view({ pods, apiServer }) {
      if (apiServer !== undefined) return otherView(others, { pods, apiServer }, options);
      view ??= createClusterView({
        source: openSource(),
        clock: options.clock,
        onApplied: (revision) => tracer?.synced(String(revision)),
        onProgrammed: (since) => observeProgramming(options, since),
      });
      if (pods) view.followPods();
      return view;
    },
    tracer: () => tracer,
    revision: () => view?.revision() ?? 0,
    async [Symbol.asyncDispose]() {
      stop.abort();
      tracer?.[Symbol.dispose]();
      const opened = [...others.values()];
      await Promise.all(opened.map((other) => other.source[Symbol.asyncDispose]()));
      await source?.[Symbol.asyncDispose]();
      const bus = await connecting?.catch(() => undefined);
      await bus?.[Symbol.asyncDispose]();
    },
  };
}

/** The view of an API server, one for each way to reach one. */
function otherView(
  others: Map<string, { source: RestSource; view: ClusterView }>,
  { pods, apiServer }: Required<ViewOptions> & { apiServer: ApiServerAccess },
  options: ClusterAccessOptions,
): ClusterView {
  const key = JSON.stringify(apiServer);
  const { clock, logger, metrics } = options;
  let other = others.get(key);
  if (other === undefined) {
    const { rest, limits } = apiServer;
    const { host } = new URL(rest.server);
    const gate = createRequestGate({ limits, clock, host, metrics: metrics.plugins.restClient });
    const client = createRestClient({ ...rest, userAgent: "kubehop-dns" });
    const source = createRestSource({ rest: client, gate, logger });
    const onProgrammed = (since: number): void => observeProgramming(options, since);
    const view = createClusterView({ source, clock, onApplied: () => undefined, onProgrammed });
    other = { source, view };
    others.set(key, other);
  }
  if (pods) other.view.followPods();
  return other.view;
}

function connect({ bus, logger, node }: ClusterAccessOptions, signal: AbortSignal): Promise<Bus> {
  if (bus === undefined) {
    throw new Error(
      "plugin/kubernetes: no bus is configured: give --bus-url (or KUBEHOP_BUS_URL), " +
        "or run in a pod, where NATS_SERVICE_HOST names the Service kube-system/nats",
    );
  }
  return connectBus({ ...bus, name: `dns/${node}`, logger, signal });
}

function observeProgramming({ metrics, clock }: ClusterAccessOptions, since: number): void {
  const seconds = Math.max(0, clock.now() - since) / 1000;
  metrics.programmingDuration("headless_with_selector").observe(seconds);
}
