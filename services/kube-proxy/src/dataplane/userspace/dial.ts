import { connect, type OnReadOpts, type Socket } from "node:net";
import {
  type AffinityMemory,
  decide,
  type Flow,
  type ForwardDecision,
  type Frontend,
  type ServiceTable,
} from "@kubehop/routing";
import type { RejectReason } from "@kubehop/api";
import type { Random } from "@kubehop/kit";
import type { ForwarderStats } from "../../forwarder-stats.ts";
import type { ForwarderSettings } from "../dataplane.ts";
import { KEEP_ALIVE_MS } from "./accept.ts";

/** What a dial needs to know of the forwarder. */
export interface DialContext {
  readonly settings: ForwarderSettings;
  readonly affinity: AffinityMemory;
  readonly random: Random;
  readonly stats: ForwarderStats;
  /** The table of this moment. */
  table(): ServiceTable;
}

/** One connection to make. */
export interface DialRequest {
  readonly flow: Flow;
  /** What the endpoint's bytes go to. */
  readonly onread: OnReadOpts;
  /** Called when an endpoint has answered. */
  onConnect(socket: Socket, decision: ForwardDecision): void;
  /** Called when no endpoint is there or none has answered. */
  onFailure(reason: RejectReason, frontend: Frontend | undefined): void;
}

/**
 * Connects a flow to an endpoint that `decide` picks. An endpoint that does not answer in time, or
 * refuses, costs a try; the next one goes to another endpoint and waits twice as long (upstream's
 * userspace mode: 250 ms, 500 ms, 1 s, 2 s). Nothing of the client has been read by then, so no
 * byte is lost. Calls back exactly once, unless the returned function aborts it.
 */
export function dial(request: DialRequest, context: DialContext): () => void {
  const { settings, stats, affinity } = context;
  const tried = new Set<string>();
  let tries = 0;
  let abort = (): void => {};

  function attempt(): void {
    const flow = tries === 0 ? request.flow : { ...request.flow, tried };
    const decision = decide(context.table(), flow, context.random(), affinity);
    if (decision.kind !== "forward") {
      const reason = decision.reason === "NoLocalEndpoints" ? decision.reason : "NoEndpoints";
      return request.onFailure(reason, decision.frontend);
    }
    const timeoutMs = settings.dialTimeoutMs * 2 ** tries;
    tries += 1;
    abort = dialOnce(decision, { onread: request.onread, timeoutMs }, (socket) => {
      if (socket === undefined) return retry(decision);
      const { service } = decision.frontend;
      if (service.affinityTimeoutMs !== undefined) {
        affinity.remember(service, request.flow.client.ip, decision.endpoint.key);
      }
      request.onConnect(socket, decision);
    });
  }

  function retry({ endpoint, frontend }: ForwardDecision): void {
    tried.add(endpoint.key);
    if (tries >= settings.dialTries) return request.onFailure("DialFailed", frontend);
    stats.dialRetries += 1;
    attempt();
  }

  attempt();
  return () => abort();
}

interface DialOptions {
  readonly onread: OnReadOpts;
  readonly timeoutMs: number;
}

/** Connects to one endpoint; gives the socket, or undefined when it failed or took too long. */
function dialOnce(
  { endpoint }: ForwardDecision,
  { onread, timeoutMs }: DialOptions,
  done: (socket: Socket | undefined) => void,
): () => void {
  const socket = connect({
    host: endpoint.ip,
    port: endpoint.port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    autoSelectFamily: false,
    onread,
  });
  const abort = (): void => {
    clearTimeout(timer);
    socket.removeAllListeners("connect").destroy();
  };
  const fail = (): void => {
    abort();
    done(undefined);
  };
  const timer = setTimeout(fail, timeoutMs);
  socket.on("error", fail);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.off("error", fail);
    done(socket);
  });
  return abort;
}
