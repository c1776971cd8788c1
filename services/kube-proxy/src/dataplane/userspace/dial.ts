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

/** A dial under way. */
export interface Dial {
  /** Ends it; nobody is called back. */
  abort(): void;
}

/**
 * Connects a flow to an endpoint that `decide` picks. An endpoint that does not answer in time, or
 * refuses, costs a try; the next one goes to another endpoint and waits twice as long (upstream's
 * userspace mode: 250 ms, 500 ms, 1 s, 2 s). Nothing of the client has been read by then, so no
 * byte is lost. Calls back exactly once, unless it is aborted.
 */
export function dial(request: DialRequest, context: DialContext): Dial {
  const running = new RunningDial(request, context);
  running.attempt();
  return running;
}

class RunningDial implements Dial {
  readonly #request: DialRequest;
  readonly #context: DialContext;
  #tries = 0;
  #tried: Set<string> | undefined;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: DialRequest, context: DialContext) {
    this.#request = request;
    this.#context = context;
  }

  attempt(): void {
    const { settings, affinity, random, table } = this.#context;
    const { flow } = this.#request;
    const tried = this.#tried;
    const asked = tried === undefined ? flow : { ...flow, tried };
    const decision = decide(table(), asked, random(), affinity);
    if (decision.kind !== "forward") {
      const reason = decision.kind === "drop" ? decision.reason : "NoEndpoints";
      return this.#request.onFailure(reason, decision.frontend);
    }
    const fail = (): void => this.#retry(decision);
    this.#timer = setTimeout(fail, settings.dialTimeoutMs * 2 ** this.#tries);
    this.#tries += 1;
    this.#socket = connectTo(decision, this.#request.onread).on("error", fail);
    this.#socket.on("connect", () => {
      this.#socket?.off("error", fail);
      this.#succeed(decision);
    });
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#socket?.removeAllListeners("connect").destroy();
  }

  #succeed(decision: ForwardDecision): void {
    const { service } = decision.frontend;
    if (this.#socket === undefined) return;
    clearTimeout(this.#timer);
    if (service.affinityTimeoutMs !== undefined) {
      const { flow } = this.#request;
      this.#context.affinity.remember(service, flow.client.ip, decision.endpoint.key);
    }
    this.#request.onConnect(this.#socket, decision);
  }

  #retry({ endpoint, frontend }: ForwardDecision): void {
    const { settings, stats } = this.#context;
    this.abort();
    this.#tried ??= new Set();
    this.#tried.add(endpoint.key);
    if (this.#tries >= settings.dialTries) return this.#request.onFailure("DialFailed", frontend);
    stats.dialRetries += 1;
    this.attempt();
  }
}

function connectTo({ endpoint }: ForwardDecision, onread: OnReadOpts): Socket {
  return connect({
    host: endpoint.ip,
    port: endpoint.port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    autoSelectFamily: false,
    onread,
  });
}
