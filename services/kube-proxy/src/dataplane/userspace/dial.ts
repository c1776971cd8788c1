import {
  type AffinityMemory,
  decide,
  type Flow,
  type ForwardDecision,
  type Frontend,
  type ServiceEndpoint,
  type ServiceTable,
} from "@kubehop/routing";
import type { RejectReason } from "@kubehop/api";
import type { Random } from "@kubehop/kit";
import type { ForwarderStats } from "../../forwarder-stats.ts";
import type { ForwarderSettings } from "../dataplane.ts";

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
  /** Begins to connect to an endpoint, and tells `attempt` later how that has ended. */
  connect(endpoint: ServiceEndpoint, attempt: DialAttempt): Connecting;
  /** Called when an endpoint has answered. */
  onConnect(decision: ForwardDecision): void;
  /** Called when no endpoint is there or none has answered. */
  onFailure(reason: RejectReason, frontend: Frontend | undefined): void;
}

/** What a request tells of a connection it makes: one of both, once, not before `connect` returns. */
export interface DialAttempt {
  succeed(): void;
  fail(): void;
}

/** A connection being made. */
export interface Connecting {
  /** Gives it up; its attempt is told nothing any more. */
  abort(): void;
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

class RunningDial implements Dial, DialAttempt {
  readonly #request: DialRequest;
  readonly #context: DialContext;
  #tries = 0;
  #tried: Set<string> | undefined;
  #decision: ForwardDecision | undefined;
  #connecting: Connecting | undefined;
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
    this.#decision = decision;
    this.#timer = setTimeout(onTimeout, settings.dialTimeoutMs * 2 ** this.#tries, this);
    this.#tries += 1;
    this.#connecting = this.#request.connect(decision.endpoint, this);
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#connecting?.abort();
  }

  succeed(): void {
    const decision = this.#decision;
    if (decision === undefined) return;
    clearTimeout(this.#timer);
    const { service } = decision.frontend;
    if (service.affinityTimeoutMs !== undefined) {
      const { flow } = this.#request;
      this.#context.affinity.remember(service, flow.client.ip, decision.endpoint.key);
    }
    this.#request.onConnect(decision);
  }

  fail(): void {
    const { settings, stats } = this.#context;
    const decision = this.#decision;
    if (decision === undefined) return;
    this.abort();
    this.#tried ??= new Set();
    this.#tried.add(decision.endpoint.key);
    if (this.#tries >= settings.dialTries) {
      return this.#request.onFailure("DialFailed", decision.frontend);
    }
    stats.dialRetries += 1;
    this.attempt();
  }
}

function onTimeout(dial: RunningDial): void {
  dial.fail();
}
