import { Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import type { Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import type { CacheLimits, CacheOptions } from "./options.ts";

/** Which half of the cache an answer belongs to; `uncached` answers are only passed on. */
export type AnswerKind = "success" | "denial" | "failure" | "uncached";

/** Seconds for an answer without any record (CoreDNS' MinimalDefaultTTL). */
const NO_RECORDS_TTL = 5;
const FAILURES: ReadonlySet<number> = new Set([Rcode.SERVFAIL, Rcode.NOTIMP]);
/** Names one answer may lead through; a longer chain does not answer. */
const MAX_CHAIN = 32;

/** What kind of answer this is for the cache (CoreDNS' response.Typify and cache.key). */
export function classifyReply(query: Query, reply: Reply): AnswerKind {
  const { rcode, flags, answers, authorities } = reply;
  const { type } = query.question;
  if ((flags & Flag.TC) !== 0 || type === "AXFR" || type === "IXFR") return "uncached";
  if (FAILURES.has(rcode)) return "failure";
  const soa = authorities.some((record) => record.type === "SOA");
  if (rcode === Rcode.NXDOMAIN) return soa ? "denial" : "uncached";
  if (rcode !== Rcode.NOERROR) return "uncached";
  if (answers.length > 0 && answersQuestion(query, answers)) return "success";
  if (soa) return "denial";
  // Without an SOA a CNAME that leads nowhere does not say how long that holds; an answer
  // without any record may carry its data elsewhere, as whoami's does.
  return answers.length === 0 ? "success" : "uncached";
}

/** Whether the records hold the type asked for at the end of the CNAME chain. */
function answersQuestion(query: Query, answers: readonly ResourceRecord[]): boolean {
  const { type } = query.question;
  let name = query.name;
  for (let step = 0; step < MAX_CHAIN; step++) {
    const own = answers.filter((record) => record.name.toLowerCase() === name);
    if (type === "ANY") return own.length > 0;
    if (own.some((record) => record.type === type)) return true;
    // A type this codec passes on untouched is named by its number.
    if (own.some((record) => record.type.startsWith("TYPE"))) return true;
    const alias = own.find((record) => record.type === "CNAME");
    if (alias?.type !== "CNAME") return false;
    name = alias.target.toLowerCase();
  }
  return false;
}

/** Seconds an answer is kept, and that all of its records get. */
export function ttlOfReply(reply: Reply, kind: AnswerKind, options: CacheOptions): number {
  if (kind === "failure") return options.servfailTtl;
  const limits = kind === "denial" ? options.denial : options.success;
  return clamp(minimalTtl(reply), limits);
}

function clamp(ttl: number, { minTtl, maxTtl }: CacheLimits): number {
  return Math.min(Math.max(ttl, minTtl), maxTtl);
}

function minimalTtl({ answers, authorities, additionals }: Reply): number {
  let ttl = Number.POSITIVE_INFINITY;
  for (const section of [answers, authorities, additionals]) {
    for (const record of section) {
      ttl = Math.min(ttl, record.ttl);
      if (record.type === "SOA") ttl = Math.min(ttl, record.minimum);
    }
  }
  return Number.isFinite(ttl) ? ttl : NO_RECORDS_TTL;
}

/** The reply with one TTL on all records. */
export function withTtl(reply: Reply, ttl: number): Reply {
  const set = (records: readonly ResourceRecord[]): readonly ResourceRecord[] =>
    records.length === 0 ? records : records.map((record) => ({ ...record, ttl }));
  return {
    ...reply,
    answers: set(reply.answers),
    authorities: set(reply.authorities),
    additionals: set(reply.additionals),
  };
}
