import type { RejectReason } from "@kubehop/api";
import {
  acceptsFlows,
  decide,
  type Flow,
  type ForwardDecision,
  type Frontend,
} from "@kubehop/routing";
import { createBinding } from "../../binding.ts";
import type { ForwarderContext } from "./forwarder-context.ts";
import type { FrontendPort } from "./frontend-port.ts";
import { emitClosed, emitForwarded, emitRejected, type ForwardedFlow } from "./hops.ts";
import type { UdpFlow } from "./udp-flow.ts";
import type { TrackedFlow, UdpFlows } from "./udp-flows.ts";
import type { UdpClient, UdpListener } from "./udp-listener.ts";

/** What the UDP frontends of a forwarder share. */
export interface UdpContext extends ForwarderContext {
  readonly flows: UdpFlows;
}

/**
 * Serves a UDP frontend: each client (address and port) has a flow to one endpoint until it is
 * idle. When its endpoint stops serving, the client's next datagram opens another one; what the
 * endpoint still answers is passed on until the flow is idle. Without endpoints the socket is
 * closed, so that clients get ICMP port unreachable; with the policy Local and endpoints on other
 * nodes only, it stays open and datagrams are dropped.
 */
export function createUdpPort(frontend: Frontend, context: UdpContext): FrontendPort {
  return new UdpPort(frontend, context);
}

/** A flow of this port as the table of all flows knows it. */
interface ClientFlow extends TrackedFlow {
  readonly upstream: UdpFlow;
}

class UdpPort implements FrontendPort {
  readonly #context: UdpContext;
  #frontend: Frontend;
  /** Where a client's datagrams go, by its `ip:port`. */
  readonly #current = new Map<string, ClientFlow>();
  /** These, and those that only wait for answers. */
  readonly #flows = new Set<ClientFlow>();
  readonly #binding;

  constructor(frontend: Frontend, context: UdpContext) {
    const { logger, settings, stats } = context;
    this.#frontend = frontend;
    this.#context = context;
    this.#binding = createBinding({
      frontend: frontend.key,
      retryMs: settings.bindRetryMs,
      logger,
      onFailure: (problem, repeated) => {
        stats.bindFailures += 1;
        if (!repeated) context.onUnbound(this.#frontend, problem);
      },
      bind: () =>
        context.engine.listenUdp(frontend, {
          onDatagram: (datagram, client, listener) => this.#take(datagram, client, listener),
          onError: (err) => this.#onError(err),
        }),
    });
  }

  async update(current: Frontend): Promise<void> {
    this.#frontend = current;
    const drops = current.policy === "Local" && current.service.anywhere;
    const open = acceptsFlows(current) || drops;
    if (!open) return this.close();
    for (const [client, { upstream }] of this.#current) {
      if (!current.service.serving.has(upstream.endpointKey)) this.#current.delete(client);
    }
    await this.#binding.want(true);
  }

  async close(): Promise<void> {
    for (const flow of this.#flows) flow.end();
    await this.#binding.want(false);
  }

  problem(): string | undefined {
    return this.#binding.problem();
  }

  #take(datagram: Buffer, client: UdpClient, listener: UdpListener): void {
    const key = `${client.address}:${client.port}`;
    const flow = this.#current.get(key) ?? this.#open(key, client, listener);
    if (flow === undefined) return;
    this.#context.stats.bytesIn += datagram.length;
    flow.upstream.send(datagram);
  }

  #open(key: string, client: UdpClient, listener: UdpListener): ClientFlow | undefined {
    const { affinity, random, table } = this.#context;
    const flow = this.#createFlow(client);
    const decision = decide(table(), flow, random(), affinity);
    if (decision.kind !== "forward") {
      const reason = decision.kind === "drop" ? decision.reason : "NoEndpoints";
      this.#reject(flow, reason);
      return undefined;
    }
    const { service } = decision.frontend;
    if (service.affinityTimeoutMs !== undefined) {
      affinity.remember(service, client.address, decision.endpoint.key);
    }
    const opened = this.#connect(key, { flow, decision }, (datagram) => {
      this.#context.stats.bytesOut += datagram.length;
      listener.reply(datagram, client);
    });
    this.#current.set(key, opened);
    this.#flows.add(opened);
    this.#context.flows.add(opened);
    return opened;
  }

  #connect(
    key: string,
    { flow, decision }: { flow: Flow; decision: ForwardDecision },
    onReply: (datagram: Buffer) => void,
  ): ClientFlow {
    const { engine, tracer, clock, stats, table } = this.#context;
    const startedAt = clock.monotonic();
    let traced: ForwardedFlow | undefined;
    const upstream = engine.openUdpFlow(decision, {
      onReply,
      onConnect: (local) => {
        if (!tracer.active()) return;
        traced = { flow, decision, resourceVersion: table().resourceVersion };
        emitForwarded(tracer, traced, local, undefined);
      },
      onError: (err) => {
        stats.udpErrors += 1;
        this.#context.logger.debug({ err, endpoint: upstream.endpointKey }, "UDP flow dropped");
        end(true);
      },
    });
    const end = (reset: boolean): void => {
      if (!this.#flows.delete(opened)) return;
      if (this.#current.get(key) === opened) this.#current.delete(key);
      this.#context.flows.delete(opened);
      upstream.close();
      const { bytesIn, bytesOut } = upstream;
      const durationMs = clock.monotonic() - startedAt;
      if (traced !== undefined)
        emitClosed(tracer, traced, { bytesIn, bytesOut, durationMs, reset });
    };
    const opened: ClientFlow = {
      upstream,
      takeActivity: () => upstream.takeActivity(),
      end: () => end(false),
    };
    return opened;
  }

  #reject(flow: Flow, reason: RejectReason): void {
    const { stats, tracer, table } = this.#context;
    stats.rejected[reason] += 1;
    if (!tracer.active()) return;
    const { resourceVersion } = table();
    emitRejected(tracer, { flow, reason, service: this.#frontend.service.name, resourceVersion });
  }

  #createFlow({ address, port }: UdpClient): Flow {
    return {
      protocol: "UDP",
      client: { ip: address, port },
      frontend: { ip: this.#frontend.ip, port: this.#frontend.port },
      fromCluster: this.#frontend.external && this.#context.isFromCluster(address),
    };
  }

  #onError(err: Error): void {
    this.#context.stats.udpErrors += 1;
    this.#context.logger.warn({ frontend: this.#frontend.key, err }, "UDP socket error");
  }
}
