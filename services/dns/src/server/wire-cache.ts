import { HEADER_OCTETS } from "@kubehop/dns-wire";
import type { Query, Recount } from "../query.ts";
import type { Reply } from "../reply.ts";
import type { Reuse } from "../reuse.ts";
import { findAddressRun, type Run, shuffleRun } from "./address-run.ts";
import type { Packet } from "./responder.ts";
import type { WireKey } from "./wire-key.ts";

/** Answers in the form in which they were sent, for questions that come again. */
export interface WireCache {
  /** The answer for a packet with this key, counted as any other; undefined: ask the plugins. */
  answer(packet: Packet, key: WireKey, now: number): Buffer | undefined;
  /** Keeps what was sent, if the reply says that it may be. */
  keep(key: WireKey, sent: SentAnswer): void;
}

/** An answer as the plugins gave it and as it was sent. */
export interface SentAnswer {
  readonly query: Query;
  readonly reply: Reply;
  readonly bytes: Buffer;
}

interface Entry {
  readonly bytes: Buffer;
  readonly reuse: Reuse;
  readonly recounts: readonly Recount[];
  /** The addresses whose order is drawn anew. */
  readonly run: Run | undefined;
}

/** What a cache holds at most; the oldest entries go first. */
export interface WireCacheLimits {
  readonly entries: number;
  /** Of the answers alone. */
  readonly octets: number;
}

const LIMITS: WireCacheLimits = { entries: 20_000, octets: 8 * 1024 * 1024 };

/** Creates an empty cache. */
export function createWireCache(limits: WireCacheLimits = LIMITS): WireCache {
  const entries = new Map<string, Entry>();
  let octets = 0;
  const remove = (text: string, entry: Entry | undefined): void => {
    if (entry !== undefined && entries.delete(text)) octets -= entry.bytes.length;
  };
  return {
    answer(packet, key, now) {
      const entry = entries.get(key.text);
      if (entry === undefined || !(key.lowerCase || entry.reuse.anyCase)) return undefined;
      if (!entry.reuse.take(now)) {
        remove(key.text, entry);
        return undefined;
      }
      const answer = respell(entry, packet.bytes, key.nameEnd);
      for (const recount of entry.recounts) recount(now);
      return answer;
    },
    keep(key, sent) {
      const entry = createEntry(key, sent);
      if (entry === undefined) return;
      remove(key.text, entries.get(key.text));
      entries.set(key.text, entry);
      octets += entry.bytes.length;
      while (entries.size > limits.entries || octets > limits.octets) {
        const [oldest] = entries;
        if (oldest === undefined) return;
        remove(...oldest);
      }
    },
  };
}

function createEntry(key: WireKey, { query, reply, bytes }: SentAnswer): Entry | undefined {
  const { reuse } = reply;
  if (reuse === undefined || !(key.lowerCase || reuse.anyCase)) return undefined;
  const run = reuse.random === undefined ? undefined : findAddressRun(reply, bytes, key.nameEnd);
  if (run === "unknown") return undefined;
  const recounts: Recount[] = [];
  for (const observer of query.observers) {
    if (observer.again === undefined) return undefined;
    recounts.push(observer.again(query, reply, bytes.length));
  }
  return { bytes, reuse, recounts, run };
}

/** The answer with the id and the spelling of the packet's question, addresses in a new order. */
function respell({ bytes, reuse, run }: Entry, asked: Buffer, nameEnd: number): Buffer {
  const answer = Buffer.allocUnsafe(bytes.length);
  answer.set(bytes);
  answer[0] = asked[0] as number;
  answer[1] = asked[1] as number;
  // The names of the records keep the case of whoever asked first, as in CoreDNS' cache.
  for (let at = HEADER_OCTETS; at < nameEnd; at++) answer[at] = asked[at] as number;
  if (run !== undefined && reuse.random !== undefined) shuffleRun(answer, run, reuse.random);
  return answer;
}
