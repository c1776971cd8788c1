import { CLASS_IN, Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import type { MaybePromise } from "../../chain.ts";
import { reverseAddress } from "../../corefile/reverse-zones.ts";
import { deriveQuery, type Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import { isInZone } from "../../zones.ts";
import type { ClusterLookup, Found, Host } from "./lookup.ts";
import type { KubernetesOptions } from "./options.ts";
import { addressRecords, joinZone, nsRecords, type Place, srvRecords } from "./records.ts";

/** The records for a question: none is NODATA; `missing` means that the name does not exist. */
export interface Answer {
  readonly missing: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly glue: readonly ResourceRecord[];
  /** Flag.TC when a part of the answer was cut off elsewhere. */
  readonly flags: number;
}

/** A question with what answers it. */
export interface Asked {
  readonly query: Query;
  /** The plugin's zone, lower case; `place.zone` is the same as the client wrote it. */
  readonly zone: string;
  readonly place: Place;
  readonly lookup: ClusterLookup;
  readonly options: KubernetesOptions;
  readonly localAddresses: () => readonly string[];
}

/** CNAMEs that may follow one another (CoreDNS' maxCnameChainLength). */
const MAX_CNAMES = 10;
/** The DNS schema this server speaks (kubernetes/dns docs/specification.md). */
const DNS_SCHEMA_VERSION = "1.1.0";
const VERSION_TTL = 28_800;
const NODATA: Answer = { missing: false, answers: [], glue: [], flags: 0 };
const MISSING: Answer = { ...NODATA, missing: true };

/** Answers a question about a name in one of the plugin's zones. */
export function answerQuestion(asked: Asked): MaybePromise<Answer> {
  const { query, zone } = asked;
  const { type } = query.question;
  const apex = query.name === zone;
  switch (type) {
    case "A":
    case "AAAA":
      return answerAddress(asked, type);
    case "SRV":
      return answerSrv(asked);
    case "PTR":
      return answerPtr(asked);
    case "CNAME":
      return answerCname(asked);
    case "TXT":
      return answerTxt(asked);
    case "NS":
      return apex ? toAnswer(nsRecords(nameServers(asked), asked.place)) : existence(asked);
    // Below the apex always NODATA, even for a missing name (CoreDNS).
    case "SOA":
      return NODATA;
    default:
      return existence(asked);
  }
}

function answerAddress(asked: Asked, type: "A" | "AAAA"): MaybePromise<Answer> {
  const { query, zone, lookup, place } = asked;
  if (isNameServer(asked)) {
    return withAnswers(addressRecords(nameServers(asked), type, place));
  }
  const found = lookup.find(query.name, zone);
  switch (found.kind) {
    case "missing":
      return MISSING;
    case "empty":
      return NODATA;
    case "hosts":
      return withAnswers(addressRecords(found.hosts, type, place));
    case "external":
      return chase(asked, found.target);
    default:
      return found satisfies never;
  }
}

/**
 * Follows an ExternalName: inside the zone from the same tables, elsewhere through the listener's
 * own plugins. Without the type inside the zone, or in a circle, it is NODATA without the CNAME;
 * a target elsewhere that cannot be resolved leaves the CNAME alone.
 */
async function chaseOutside(asked: Asked, chain: readonly ResourceRecord[], target: string) {
  const { query } = asked;
  const further = deriveQuery(query, target, query.question.type);
  if (further === undefined) return NODATA;
  const reply = await tryDispatch(further);
  const answers = [...chain, ...(reply?.answers ?? [])];
  return { ...NODATA, answers, flags: (reply?.flags ?? 0) & Flag.TC };
}

function chase(asked: Asked, first: string): MaybePromise<Answer> {
  const { zone, place, lookup } = asked;
  const type = asked.query.question.type as "A" | "AAAA";
  const chain: ResourceRecord[] = [];
  const seen = new Set([asked.query.name]);
  let owner = place.owner;
  for (let target = first; chain.length < MAX_CNAMES;) {
    const name = target.toLowerCase();
    if (seen.has(name)) return NODATA;
    seen.add(name);
    chain.push(cname(owner, target, place.ttl));
    if (!isInZone(name, zone)) return chaseOutside(asked, chain, target);
    const found = lookup.find(name, zone);
    if (found.kind === "missing" || found.kind === "empty") return NODATA;
    if (found.kind === "hosts") {
      const records = addressRecords(found.hosts, type, { ...place, owner: target });
      return records.length === 0 ? NODATA : withAnswers([...chain, ...records]);
    }
    owner = target;
    target = found.target;
  }
  return NODATA;
}

async function tryDispatch(query: Query): Promise<Reply | undefined> {
  try {
    return await query.dispatch(query);
  } catch {
    return undefined;
  }
}

function answerSrv(asked: Asked): Answer {
  const { query, zone, lookup, place } = asked;
  if (isNameServer(asked)) return NODATA;
  const found = lookup.find(query.name, zone);
  return found.kind === "hosts" ? toAnswer(srvRecords(found.hosts, place)) : toExistence(found);
}

function answerPtr(asked: Asked): Answer {
  const { query, zone, lookup, place, options } = asked;
  const ip = reverseAddress(query.name);
  if (ip === undefined) return toExistence(lookup.find(query.name, zone));
  const names = lookup.reverse(ip);
  if (names.length === 0) return MISSING;
  const head = { name: place.owner, type: "PTR", class: CLASS_IN, ttl: place.ttl } as const;
  return withAnswers(
    names.map((name) => ({ ...head, target: joinZone(name, options.primaryZone) })),
  );
}

function answerCname(asked: Asked): Answer {
  const { query, zone, lookup, place } = asked;
  if (isNameServer(asked)) return NODATA;
  const found = lookup.find(query.name, zone);
  if (found.kind !== "external") return toExistence(found);
  return withAnswers([cname(place.owner, found.target, place.ttl)]);
}

/** TXT exists at dns-version only; an empty name below the apex is NXDOMAIN here (CoreDNS). */
function answerTxt(asked: Asked): Answer {
  const { query, zone, lookup, place } = asked;
  if (query.name === joinZone("dns-version", zone)) {
    const strings = [DNS_SCHEMA_VERSION];
    const head = { name: place.owner, class: CLASS_IN, ttl: VERSION_TTL };
    return withAnswers([{ ...head, type: "TXT", strings }]);
  }
  if (query.name === zone) return NODATA;
  const found = lookup.find(query.name, zone);
  return found.kind === "empty" ? MISSING : toExistence(found);
}

/** NODATA or NXDOMAIN for a type this plugin has no records of. */
function existence(asked: Asked): Answer {
  const { query, zone, lookup } = asked;
  if (isNameServer(asked)) return NODATA;
  return toExistence(lookup.find(query.name, zone));
}

/** `ns.dns.ZONE`: the server's own name, which only A and AAAA give records of. */
function isNameServer({ query, zone }: Asked): boolean {
  return query.name === joinZone("ns.dns", zone);
}

function toExistence(found: Found): Answer {
  return found.kind === "missing" ? MISSING : NODATA;
}

/** The DNS Service by the endpoints that are this machine, else this machine itself. */
function nameServers({ lookup, localAddresses }: Asked): readonly Host[] {
  const local = localAddresses();
  const hosts = lookup.namesOf(local);
  return hosts.length > 0 ? hosts : local.map((ip) => ({ ip, port: -1, target: "ns.dns" }));
}

function cname(owner: string, target: string, ttl: number): ResourceRecord {
  return { name: owner, type: "CNAME", class: CLASS_IN, ttl, target };
}

function withAnswers(answers: readonly ResourceRecord[]): Answer {
  return answers.length === 0 ? NODATA : { ...NODATA, answers };
}

function toAnswer(parts: Pick<Answer, "answers" | "glue">): Answer {
  return { ...NODATA, ...parts };
}

/** The response code of an answer. */
export function rcodeOfAnswer({ missing }: Answer): number {
  return missing ? Rcode.NXDOMAIN : Rcode.NOERROR;
}
