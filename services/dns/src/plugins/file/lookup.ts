import { CLASS_IN, type ResourceRecord, typeCode } from "@kubehop/dns-wire";
import { isInZone, parentName } from "../../zones.ts";
import { dnameRecords, dnameTarget, type Node, type Zone } from "./zone.ts";

/** What a zone says about a question (RFC 1034 §4.3.2). */
export interface ZoneAnswer {
  readonly kind: "success" | "nodata" | "nxdomain" | "delegation";
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** A CNAME led out of the zone to this name: who asks may follow it. */
  readonly outside: string | undefined;
}

/** A question to a zone. */
export interface ZoneQuestion {
  /** Lower case. */
  readonly name: string;
  /** As it was asked; what is found at it gets this owner. */
  readonly owner: string;
  readonly type: string;
}

/** CNAMEs that may follow one another. */
const MAX_CHAIN = 10;

/** Looks a question up, through CNAMEs and DNAMEs inside the zone. */
export function lookUp(zone: Zone, question: ZoneQuestion): ZoneAnswer {
  const chain: ResourceRecord[] = [];
  let { name, owner } = question;
  for (let step = 0; step <= MAX_CHAIN; step++) {
    const found = findNode(zone, name, question.type);
    if (found.delegation !== undefined) return refer(zone, found.delegation, chain);
    const alias = followAlias(found, { ...question, name, owner });
    if (alias === undefined)
      return finish(zone, found, { question: { ...question, name, owner }, chain });
    chain.push(...alias.records);
    owner = alias.target;
    name = owner.toLowerCase();
    if (!isInZone(name, zone.origin)) return { ...success(zone, chain), outside: owner };
  }
  return success(zone, chain);
}

/** What stands at a name. */
interface Found {
  /** The name's records, or those of the wildcard that stands for it. */
  readonly node: Node | undefined;
  /** NS records of the zone cut at or above the name. */
  readonly delegation: readonly ResourceRecord[] | undefined;
  /** The closest ancestor with a DNAME, and that name. */
  readonly dname: { readonly node: Node; readonly name: string } | undefined;
}

/** Goes down from the apex: a zone cut or a DNAME on the way decides before the name itself. */
function findNode(zone: Zone, name: string, type: string): Found {
  const path = ancestors(name, zone.origin);
  let closest = zone.origin;
  for (const at of path) {
    const node = zone.node(at);
    if (node === undefined) break;
    closest = at;
    const cut = at === zone.origin ? undefined : node.get("NS");
    // DS belongs to the parent's side of a cut.
    if (cut !== undefined && !(type === "DS" && at === name)) {
      return { node: undefined, delegation: cut, dname: undefined };
    }
    if (at !== name && dnameTarget(node) !== undefined) {
      return { node: undefined, delegation: undefined, dname: { node, name: at } };
    }
  }
  const node = zone.node(name) ?? zone.node(closest === "." ? "*." : `*.${closest}`);
  return { node, delegation: undefined, dname: undefined };
}

/** The apex, then each name below it down to `name`. */
function ancestors(name: string, origin: string): string[] {
  const path: string[] = [];
  for (let at: string | undefined = name; at !== undefined; at = parentName(at)) {
    path.push(at);
    if (at === origin) break;
  }
  return path.toReversed();
}

interface Alias {
  readonly records: readonly ResourceRecord[];
  readonly target: string;
}

function followAlias({ node, dname }: Found, question: ZoneQuestion): Alias | undefined {
  if (dname !== undefined) return substitute(dname, question);
  const [record] = node?.get("CNAME") ?? [];
  const direct = question.type === "CNAME" || question.type === "ANY";
  if (record?.type !== "CNAME" || direct) return undefined;
  return { records: [{ ...record, name: question.owner }], target: record.target };
}

/** A DNAME and the CNAME made from it (RFC 6672 §2.2). */
function substitute(
  { node, name: cut }: { readonly node: Node; readonly name: string },
  { owner }: ZoneQuestion,
): Alias | undefined {
  const to = dnameTarget(node);
  const records = dnameRecords(node);
  if (to === undefined) return undefined;
  const head = owner.slice(0, -cut.length);
  const target = to === "." ? head : `${head}${to}`;
  const ttl = records[0]?.ttl ?? 0;
  const cname: ResourceRecord = { name: owner, type: "CNAME", class: CLASS_IN, ttl, target };
  return { records: [...records, cname], target };
}

function refer(
  zone: Zone,
  cut: readonly ResourceRecord[],
  chain: readonly ResourceRecord[],
): ZoneAnswer {
  const additionals = addressesOf(zone, cut);
  return { kind: "delegation", answers: chain, authorities: cut, additionals, outside: undefined };
}

function finish(
  zone: Zone,
  { node }: Found,
  { question, chain }: { question: ZoneQuestion; chain: readonly ResourceRecord[] },
): ZoneAnswer {
  const records = node === undefined ? [] : recordsOf(node, question.type);
  if (records.length > 0) {
    const owned = records.map((record) => ({ ...record, name: question.owner }));
    const answers = [...chain, ...owned];
    return { ...success(zone, answers), additionals: addressesOf(zone, owned) };
  }
  const kind = node === undefined ? "nxdomain" : "nodata";
  const authorities = [negativeSoa(zone)];
  return { kind, answers: chain, authorities, additionals: [], outside: undefined };
}

function recordsOf(node: Node, type: string): readonly ResourceRecord[] {
  if (type === "ANY") return [...node.values()].flat();
  return node.get(type) ?? node.get(`TYPE${typeCode(type)}`) ?? [];
}

function success(zone: Zone, answers: readonly ResourceRecord[]): ZoneAnswer {
  // The zone's name servers come along, unless they are what was asked for (CoreDNS).
  const authorities = answers.some(({ type }) => type === "NS") ? [] : zone.nameServers;
  return { kind: "success", answers, authorities, additionals: [], outside: undefined };
}

/** The TTL of a denial is the smaller of the SOA's own and its minimum (RFC 2308 §3). */
function negativeSoa({ soa }: Zone): ResourceRecord {
  return { ...soa, ttl: Math.min(soa.ttl, soa.minimum) };
}

/** Addresses in the zone of the hosts that NS, MX and SRV records name; glue for a zone cut. */
function addressesOf(zone: Zone, records: readonly ResourceRecord[]): ResourceRecord[] {
  const targets = records
    .flatMap((record) =>
      record.type === "NS" || record.type === "MX" || record.type === "SRV" ? [record.target] : [],
    )
    .map((target) => target.toLowerCase());
  return [...new Set(targets)]
    .map((target) => zone.node(target))
    .flatMap((node) => [...(node?.get("A") ?? []), ...(node?.get("AAAA") ?? [])]);
}
