import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@kubehop/client";
import { type Engine, type EngineRequest, isMissing } from "./engine.ts";
import {
  type EngineContainer,
  type InspectedContainer,
  toEngineContainer,
} from "./engine-container.ts";
import { afterEvent, type EngineEvent } from "./engine-event.ts";
import { readJsonLines } from "./engine-stream.ts";

/** The containers of an engine that carry one of some labels, as they are now. */
export interface ContainerFollower extends AsyncDisposable {
  /** As last seen; costs no call. */
  list(): readonly EngineContainer[];
  /** Looks at one now; undefined when it is gone. */
  refresh(id: string): Promise<EngineContainer | undefined>;
  /** Calls back with what a container was and is whenever it changed; undefined for "not there". */
  onChange(handler: (change: ContainerChange) => void): Disposable;
  /** Since when and why the engine cannot be followed; undefined while it can. */
  problem(): EngineProblem | undefined;
}

/** One change of a container. */
export interface ContainerChange {
  readonly previous: EngineContainer | undefined;
  readonly current: EngineContainer | undefined;
}

/** An engine that is away. */
export interface EngineProblem {
  /** unix ms. */
  readonly since: number;
  readonly message: string;
}

/** What is followed. */
export interface FollowerOptions {
  readonly engine: Engine;
  /** A container is followed when it has one of these labels. */
  readonly labels: readonly string[];
  readonly logger: Logger;
  /** Called each time the engine was found, e.g. to tell its version. */
  onFound?(version: string): void;
}

/** What the events of a container are about: its state, not those of commands run in it. */
const ACTIONS = "create start die oom pause unpause destroy rename update connect disconnect".split(
  " ",
);

/** A hung engine closes no connection: it is asked this often, in ms. */
const PING_INTERVAL_MS = 5_000;
/** First and longest pause before the engine is tried again, in ms. */
const RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;
/** Containers inspected at a time when all are looked at. */
const AT_A_TIME = 8;

/**
 * Follows containers by the engine's events; the first look is over when this resolves. While the
 * engine is away what was seen last is kept; when it is back all are looked at again. Rejects when
 * the engine cannot be reached or refuses.
 */
export async function followContainers(options: FollowerOptions): Promise<ContainerFollower> {
  const follower = new Follower(options);
  await follower.start();
  return follower;
}

class Follower implements ContainerFollower {
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  readonly #known = new Map<string, EngineContainer>();
  readonly #handlers = new Set<(change: ContainerChange) => void>();
  /** The last look at each container, so that looks at one never overtake each other. */
  readonly #looks = new Map<string, Promise<EngineContainer | undefined>>();
  /** How many events were taken in of each: a look that began before one of them is old. */
  readonly #events = new Map<string, number>();
  #problem: EngineProblem | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const events = await this.#connect();
    this.#running = this.#run(events);
  }

  list(): readonly EngineContainer[] {
    return [...this.#known.values()];
  }

  refresh(id: string): Promise<EngineContainer | undefined> {
    const before = this.#looks.get(id) ?? Promise.resolve();
    const look = before.then(
      () => this.#look(id),
      () => this.#look(id),
    );
    this.#looks.set(id, look);
    const forget = (): void => {
      if (this.#looks.get(id) === look) this.#looks.delete(id);
    };
    look.then(forget, forget);
    return look;
  }

  onChange(handler: (change: ContainerChange) => void): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  problem(): EngineProblem | undefined {
    return this.#problem;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(first: Readable): Promise<void> {
    let events: Readable | undefined = first;
    let wait = RETRY_MS;
    while (!this.#stop.signal.aborted) {
      try {
        events ??= await this.#connect();
        wait = RETRY_MS;
        await this.#follow(events);
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#lost((error as Error).message);
      }
      events = undefined;
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      wait = Math.min(wait * 2, MAX_RETRY_MS);
    }
  }

  #lost(message: string): void {
    if (this.#problem !== undefined) return;
    this.#problem = { since: Date.now(), message };
    const { engine, logger } = this.#options;
    logger.warn(
      { endpoint: engine.endpoint, reason: message },
      "container engine is away, pods keep their last known state; will retry",
    );
  }

  /** Listens first, then looks at everything, so that nothing falls between. */
  async #connect(): Promise<Readable> {
    const { engine, logger, onFound } = this.#options;
    const { version, api } = await engine.negotiate();
    const filters = { type: ["container", "network"], event: ACTIONS };
    const request: EngineRequest = { method: "GET", path: "/events", query: { filters } };
    const events = await engine.stream({ ...request, signal: this.#stop.signal });
    // An error before anybody reads must not be one that nobody handles.
    events.on("error", () => undefined);
    try {
      await this.#lookAtAll();
    } catch (error) {
      events.destroy();
      throw error;
    }
    const known = { version, api, containers: this.#known.size };
    logger.info(
      known,
      this.#problem === undefined ? "container engine found" : "container engine is back",
    );
    this.#problem = undefined;
    onFound?.(version);
    return events;
  }

  async #follow(events: Readable): Promise<void> {
    const ended = new AbortController();
    try {
      await Promise.race([this.#ping(ended.signal), this.#read(events)]);
      throw new Error("the engine closed its stream of events");
    } finally {
      ended.abort();
      events.destroy();
    }
  }

  /** Rejects when the engine does not answer any more. */
  async #ping(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(PING_INTERVAL_MS, undefined, { signal });
      await this.#options.engine.call({ method: "HEAD", path: "/_ping" });
    }
  }

  async #read(events: Readable): Promise<void> {
    for await (const event of readJsonLines(events)) {
      const id = this.#subjectOf(event as EngineEvent);
      if (id === undefined) continue;
      this.#noteEvent(event as EngineEvent);
      // What a look that failed has missed is found when all are looked at anew.
      this.refresh(id).catch((error: Error) => events.destroy(error));
    }
  }

  #noteEvent(event: EngineEvent): void {
    const { ID: id } = event.Actor;
    const container = this.#known.get(id);
    const after = container && afterEvent(container, event);
    if (after === container) return;
    this.#events.set(id, (this.#events.get(id) ?? 0) + 1);
    this.#take(id, after);
  }

  /** The container an event is about, when that is one to follow. */
  #subjectOf({ Type, Actor: { ID, Attributes } }: EngineEvent): string | undefined {
    if (Type === "network") return Attributes?.["container"];
    const attributes = Attributes ?? {};
    const isOurs = this.#options.labels.some((label) => attributes[label] !== undefined);
    return isOurs || this.#known.has(ID) ? ID : undefined;
  }

  async #lookAtAll(): Promise<void> {
    const { engine, labels } = this.#options;
    const lists = await Promise.all(
      labels.map((label) =>
        engine.call<{ readonly Id: string }[]>({
          method: "GET",
          path: "/containers/json",
          query: { all: true, filters: { label: [label] } },
        }),
      ),
    );
    const ids = [...new Set([...lists.flat().map(({ Id }) => Id), ...this.#known.keys()])];
    for (let from = 0; from < ids.length; from += AT_A_TIME) {
      await Promise.all(ids.slice(from, from + AT_A_TIME).map((id) => this.refresh(id)));
    }
  }

  async #look(id: string): Promise<EngineContainer | undefined> {
    const events = this.#events.get(id);
    const current = await this.#inspect(id);
    // Another look follows each event.
    if (this.#events.get(id) === events || current === undefined) this.#take(id, current);
    return current;
  }

  #take(id: string, current: EngineContainer | undefined): void {
    const previous = this.#known.get(id);
    if (current === undefined) this.#events.delete(id);
    if (current === undefined) this.#known.delete(id);
    else this.#known.set(id, current);
    if (isSame(previous, current)) return;
    for (const handler of this.#handlers) handler({ previous, current });
  }

  async #inspect(id: string): Promise<EngineContainer | undefined> {
    const { engine, labels } = this.#options;
    try {
      const path = `/containers/${id}/json`;
      const found = await engine.call<InspectedContainer>({ method: "GET", path });
      const container = toEngineContainer(found);
      return labels.some((label) => container.labels[label] !== undefined) ? container : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

function isSame(a: EngineContainer | undefined, b: EngineContainer | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
