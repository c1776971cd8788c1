import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";

/** Follows a collection as a client's informer does: list, watch, and again after every break. */
export interface Follower extends AsyncDisposable {
  /** Path of the collection. */
  readonly path: string;
  /** `uid@version` of each object by name. */
  readonly state: ReadonlyMap<string, string>;
  /** What should not have come. */
  readonly violations: readonly string[];
  /** How often it watched from where it was, and how often it had to list. */
  readonly counts: { readonly watches: number; readonly lists: number; readonly events: number };
}

/** What to follow. */
export interface FollowerOptions {
  readonly cluster: Cluster;
  /** Path of the collection. */
  readonly path: string;
  readonly random: () => number;
}

/** After so many events a follower may break off, to come back through the other server. */
const PATIENCE = 60;
const PAUSE_MS = 20;

/** Begins to follow; goes on until it is disposed. */
export function startFollower(options: FollowerOptions): Follower {
  const follower = new CollectionFollower(options);
  const loop = follower.run();
  return {
    path: options.path,
    state: follower.state,
    violations: follower.violations,
    counts: follower.counts,
    async [Symbol.asyncDispose]() {
      follower.stop.abort();
      await loop;
    },
  };
}

interface Item {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly spec?: {
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly { readonly nodePort?: number }[];
  };
}

class CollectionFollower {
  readonly stop = new AbortController();
  readonly state = new Map<string, string>();
  readonly violations: string[] = [];
  readonly counts = { watches: 0, lists: 0, events: 0 };
  readonly #options: FollowerOptions;
  /** Who has each cluster IP and node port now. */
  readonly #owners = new Map<string, string>();
  #revision = 0;
  #listed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      try {
        if (this.#listed) await this.#watch();
        else await this.#list();
      } catch {
        // The server is gone for now: the other one, or the same one later.
      }
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #list(): Promise<void> {
    const { cluster, path } = this.#options;
    const { status, warnings, body } = await cluster.send(this.#server(), { method: "GET", path });
    if (status !== 200 || warnings.length > 0) return;
    this.counts.lists += 1;
    const revision = Number(body.metadata.resourceVersion);
    if (revision < this.#revision) this.#wrong(`listed ${revision} after ${this.#revision}`);
    this.state.clear();
    this.#owners.clear();
    for (const item of body.items as Item[]) this.#take(item);
    this.#revision = revision;
    this.#listed = true;
  }

  async #watch(): Promise<void> {
    const { cluster, path, random } = this.#options;
    this.counts.watches += 1;
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, this.stop.signal]);
    let patience = PATIENCE * (0.5 + random());
    const query = `?watch=1&allowWatchBookmarks=true&resourceVersion=${this.#revision}`;
    for await (const event of cluster.watch(this.#server(), `${path}${query}`, signal)) {
      if (event.type === "ERROR") {
        if (event.object.code === 410) this.#listed = false;
        else this.#wrong(JSON.stringify(event));
        return;
      }
      this.#apply(event.type, event.object);
      patience -= 1;
      if (patience < 0) leave.abort();
    }
  }

  #apply(type: string, item: Item): void {
    this.counts.events += 1;
    const { name, resourceVersion } = item.metadata;
    const revision = Number(resourceVersion);
    const known = this.state.has(name);
    // An object that was made anew unseen is told as deleted just before the new one.
    const grows =
      type === "DELETED" || type === "BOOKMARK"
        ? revision >= this.#revision
        : revision > this.#revision;
    if (!grows) this.#wrong(`${type} ${name} at ${revision} after ${this.#revision}`);
    this.#revision = revision;
    if (type === "BOOKMARK") return;
    if (known !== (type !== "ADDED"))
      this.#wrong(`${type} ${name} at ${revision}, known: ${known}`);
    this.#drop(name);
    if (type !== "DELETED") this.#take(item);
  }

  #take(item: Item): void {
    const { name, uid, resourceVersion } = item.metadata;
    this.state.set(name, `${uid}@${resourceVersion}`);
    for (const what of allocationsOf(item)) {
      const owner = this.#owners.get(what);
      if (owner !== undefined) this.#wrong(`${what} is both ${owner}'s and ${name}'s`);
      this.#owners.set(what, name);
    }
  }

  #drop(name: string): void {
    this.state.delete(name);
    for (const [what, owner] of this.#owners) if (owner === name) this.#owners.delete(what);
  }

  #server(): number {
    return this.#options.random() < 0.5 ? 0 : 1;
  }

  #wrong(text: string): void {
    this.violations.push(`${this.#options.path}: ${text}`);
  }
}

function allocationsOf({ spec }: Item): string[] {
  const ips = spec?.clusterIPs ?? [];
  const ports = (spec?.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  return [...ips, ...ports.map(String)];
}
