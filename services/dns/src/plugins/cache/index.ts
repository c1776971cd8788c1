import { setTimeout as delay } from "node:timers/promises";
import { Flag, Rcode } from "@kubehop/dns-wire";
import { LRUCache } from "lru-cache";
import { type Handler, type Link, mapReply, type MaybePromise, settle } from "../../chain.ts";
import { onlyDirective } from "../../corefile/directive.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import { type Reuse, withoutReuse, withReuse } from "../../reuse.ts";
import type { CounterSeries } from "../../series.ts";
import { matchZone } from "../../zones.ts";
import { type AnswerKind, classifyReply, ttlOfReply, withTtl } from "./classify.ts";
import { type Counts, createCounts, type ServerCounts } from "./counts.ts";
import { type CacheLimits, type CacheOptions, readCacheOptions } from "./options.ts";

const NAME = "cache";

/** An answer that is kept. */
interface Entry {
  readonly reply: Reply;
  readonly kind: AnswerKind;
  /** Monotonic ms. */
  readonly storedAt: number;
  /** Seconds. */
  readonly ttl: number;
  hits: number;
  lastHitAt: number;
  refreshing: boolean;
  /** The reply as it was last given out: within a second it is the same. */
  given: { readonly ttl: number; readonly reply: Reply } | undefined;
  /** Whether it is not in the cache any more. */
  gone: boolean;
}

/** Keeps answers for a while. Denials and positive answers have a capacity each. */
export const cache: Plugin = {
  name: NAME,
  setup(directives, context) {
    const options = readCacheOptions(onlyDirective(directives), context.zones);
    return { allowsReuse: true, link: createLink(options, context) };
  },
};

function createLink(options: CacheOptions, context: SetupContext): Link {
  const { clock } = context;
  const count = createCounts(options.zones, context);
  const halves = createHalves(options, count);
  const find = (key: string): Entry | undefined => {
    const now = clock.monotonic();
    const entry = [halves.denial.get(key), halves.success.get(key)].find(
      (each) => each !== undefined && secondsLeft(each, now) > -options.staleMs / 1000,
    );
    return entry;
  };
  const store = (query: Query, key: string, reply: Reply): Reply => {
    const kind = classifyReply(query, reply);
    const ttl = ttlOfReply(reply, kind, options);
    const half = kind === "success" ? "success" : "denial";
    const allowed = kind !== "uncached" && ttl > 0 && !isExcepted(options[half], query.name);
    const given = withTtl(reply, ttl);
    const kept = allowed ? withoutReuse(given) : given;
    if (allowed) {
      const now = clock.monotonic();
      const usage = { hits: 0, lastHitAt: now, refreshing: false, given: undefined, gone: false };
      halves[half].set(key, { reply: kept, kind, storedAt: now, ttl, ...usage });
      // The newest answer counts: a denial must not outlive the name's creation.
      if (half === "success") halves.denial.delete(key);
      count.entries(query.server, { success: halves.success.size, denial: halves.denial.size });
    }
    return wantsDnssec(query) ? kept : { ...kept, flags: kept.flags & ~Flag.AD };
  };
  return (next) => {
    const fetch = (query: Query, key: string): MaybePromise<Reply> =>
      settle(next, query, {
        onReply: (reply) => store(query, key, reply),
        onError(error) {
          throw error;
        },
      });
    const refresh = createRefresh(next, store, count);
    return (query) => {
      if (matchZone(options.zones, query.name) === undefined) return next(query);
      const key = keyOf(query);
      const entry = find(key);
      const counts = count.of(query.server);
      counts.requests.inc();
      if (entry === undefined) {
        counts.misses.inc();
        return mapReply(
          (asked) => fetch(asked, key),
          query,
          (reply) => countMisses(reply, counts),
        );
      }
      const now = clock.monotonic();
      hitsOf(entry, counts).inc();
      const left = secondsLeft(entry, now);
      if (left <= 0) return serveStale({ entry, query, key, fetch, refresh, options, count });
      if (isDue(entry, now, options)) refresh(entry, query, key);
      const reply = replyFrom(entry, query, options.keepTtl ? entry.ttl : left);
      // What is fetched again in time has to see how often it is asked for.
      return options.prefetch.amount > 0 ? reply : withReuse(reply, reuseOf(entry, left, counts));
    };
  };
}

/** Until the TTLs are counted down once more, or the entry is another one. */
function reuseOf(entry: Entry, left: number, counts: ServerCounts): Reuse {
  const { storedAt, ttl } = entry;
  const until = storedAt + (ttl - left + 1) * 1000;
  const hits = hitsOf(entry, counts);
  return {
    anyCase: true,
    take(now) {
      if (entry.gone || now >= until) return false;
      counts.requests.inc();
      hits.inc();
      return true;
    },
  };
}

/** A reply that was not kept here is a miss each time. */
function countMisses(reply: Reply, { requests, misses }: ServerCounts): Reply {
  const { reuse } = reply;
  if (reuse === undefined) return reply;
  const take = (now: number): boolean => {
    if (!reuse.take(now)) return false;
    requests.inc();
    misses.inc();
    return true;
  };
  return { ...reply, reuse: { ...reuse, take } };
}

function hitsOf({ kind }: Entry, counts: ServerCounts): CounterSeries {
  return kind === "success" ? counts.hits.success : counts.hits.denial;
}

interface StaleCase {
  readonly entry: Entry;
  readonly query: Query;
  readonly key: string;
  readonly fetch: (query: Query, key: string) => MaybePromise<Reply>;
  readonly refresh: Refresh;
  readonly options: CacheOptions;
  readonly count: Counts;
}

/** Serves an entry past its end while, or because, a fresh answer is not there. */
async function serveStale(stale: StaleCase): Promise<Reply> {
  const { entry, query, key, options, count } = stale;
  if (options.verifyStale) {
    const reply = await fetchInTime(stale);
    if (reply !== undefined && reply.rcode !== Rcode.SERVFAIL) return withoutReuse(reply);
  } else {
    stale.refresh(entry, query, key);
  }
  count.of(query.server).stale.inc();
  return replyFrom(entry, query, options.staleTtl);
}

/** The fresh answer, kept also when it comes too late for this client; undefined without one. */
async function fetchInTime({ fetch, query, key, options }: StaleCase): Promise<Reply | undefined> {
  // The old answer is better than an error: that is what serve_stale is for.
  const fresh = (async () => fetch(query, key))().catch(() => undefined);
  if (options.verifyMs === 0) return fresh;
  const timer = new AbortController();
  const { signal } = timer;
  const late = delay(options.verifyMs, undefined, { signal }).catch(() => undefined);
  const first = await Promise.race([fresh, late]);
  timer.abort();
  return first;
}

type Refresh = (entry: Entry, query: Query, key: string) => void;

/** Fetches an entry again behind the client's back, one fetch at a time. */
function createRefresh(
  next: Handler,
  store: (query: Query, key: string, reply: Reply) => Reply,
  count: Counts,
): Refresh {
  return (entry, query, key) => {
    if (entry.refreshing) return;
    entry.refreshing = true;
    count.of(query.server).prefetch.inc();
    const run = async (): Promise<void> => {
      const reply = await next({ ...query, observers: [] });
      if (reply.rcode !== Rcode.SERVFAIL) store(query, key, reply);
    };
    run()
      .catch(() => undefined)
      .finally(() => {
        entry.refreshing = false;
      });
  };
}

/** Counts a hit and says whether the entry is asked for so often that it should not end. */
function isDue(entry: Entry, now: number, { prefetch }: CacheOptions): boolean {
  if (prefetch.amount === 0) return false;
  entry.hits = now - entry.lastHitAt > prefetch.durationMs ? 1 : entry.hits + 1;
  entry.lastHitAt = now;
  const dueAt = Math.ceil((entry.ttl * prefetch.percentage) / 100);
  return entry.hits >= prefetch.amount && secondsLeft(entry, now) <= dueAt;
}

/** AA is forced on: some old resolvers drop answers without it (CoreDNS' cache). */
function replyFrom(entry: Entry, query: Query, ttl: number): Reply {
  if (entry.given?.ttl !== ttl) {
    const reply = { ...withTtl(entry.reply, ttl), plugin: NAME };
    entry.given = { ttl, reply: { ...reply, flags: reply.flags | Flag.AA } };
  }
  const { reply } = entry.given;
  if (wantsDnssec(query) || (reply.flags & Flag.AD) === 0) return reply;
  return { ...reply, flags: reply.flags & ~Flag.AD };
}

function wantsDnssec({ edns, flags }: Query): boolean {
  return edns?.dnssecOk === true || (flags & Flag.AD) !== 0;
}

function secondsLeft({ storedAt, ttl }: Entry, now: number): number {
  return ttl - Math.floor((now - storedAt) / 1000);
}

function keyOf({ name, question, edns, flags }: Query): string {
  const bits = (edns?.dnssecOk === true ? 1 : 0) | ((flags & Flag.CD) === 0 ? 0 : 2);
  return `${bits} ${question.type} ${question.class} ${name}`;
}

function isExcepted({ except }: CacheLimits, name: string): boolean {
  if (except === undefined) return false;
  return except.length === 0 || matchZone(except, name) !== undefined;
}

interface Halves {
  readonly success: LRUCache<string, Entry>;
  readonly denial: LRUCache<string, Entry>;
}

function createHalves(options: CacheOptions, count: Counts): Halves {
  const create = (half: "success" | "denial"): LRUCache<string, Entry> =>
    new LRUCache({
      max: Math.max(1, options[half].capacity),
      dispose: (entry, _key, reason) => {
        entry.gone = true;
        if (reason === "evict") count.eviction(half);
      },
    });
  return { success: create("success"), denial: create("denial") };
}
