import type { ResourceRecord, SoaRecord } from "@kubehop/dns-wire";
import { decodeNameData } from "../../zone-text/rdata.ts";
import { ZoneError } from "../../zone-text/zone-error.ts";
import { isInZone, parentName } from "../../zones.ts";

/** The records of one name, by type; names are lower case. */
export type Node = ReadonlyMap<string, readonly ResourceRecord[]>;

/** A zone as it was read; nothing of it changes. */
export interface Zone {
  readonly origin: string;
  readonly soa: SoaRecord;
  /** NS records of the apex. */
  readonly nameServers: readonly ResourceRecord[];
  /** Every record but the SOA, in the file's order. */
  readonly records: readonly ResourceRecord[];
  /** The records of a name; empty for one that only has names below it, undefined for none. */
  node(name: string): Node | undefined;
}

const DNAME = "TYPE39";
const EMPTY: Node = new Map();

/**
 * Puts records together. Records outside of the zone are left out, as in CoreDNS. Throws
 * ZoneError unless the apex has exactly one SOA.
 */
export function createZone(origin: string, all: Iterable<ResourceRecord>): Zone {
  const nodes = new Map<string, Map<string, ResourceRecord[]>>();
  const empty = new Set<string>();
  const records: ResourceRecord[] = [];
  const soas: SoaRecord[] = [];
  for (const record of all) {
    const name = record.name.toLowerCase();
    if (!isInZone(name, origin)) continue;
    if (record.type === "SOA") {
      if (name === origin) soas.push(record);
      continue;
    }
    records.push(record);
    addRecord(nodes, name, record);
    addParents(empty, name, origin);
  }
  const [soa, second] = soas;
  if (soa === undefined) throw new ZoneError(`the zone ${origin} has no SOA record`);
  if (second !== undefined) throw new ZoneError(`the zone ${origin} has more than one SOA record`);
  addRecord(nodes, origin, soa);
  return {
    origin,
    soa,
    nameServers: nodes.get(origin)?.get("NS") ?? [],
    records,
    node: (name) => nodes.get(name) ?? (empty.has(name) ? EMPTY : undefined),
  };
}

/** Where a DNAME record leads to; undefined for a name without one. */
export function dnameTarget(node: Node): string | undefined {
  const [record] = node.get(DNAME) ?? [];
  return record !== undefined && "data" in record ? decodeNameData(record.data) : undefined;
}

/** The DNAME records of a name. */
export function dnameRecords(node: Node): readonly ResourceRecord[] {
  return node.get(DNAME) ?? [];
}

function addRecord(
  nodes: Map<string, Map<string, ResourceRecord[]>>,
  name: string,
  record: ResourceRecord,
): void {
  let node = nodes.get(name);
  if (node === undefined) {
    node = new Map();
    nodes.set(name, node);
  }
  const list = node.get(record.type);
  if (list === undefined) node.set(record.type, [record]);
  else list.push(record);
}

/** Names between a record and the apex exist, though they may have no records (RFC 4592 §2.2.2). */
function addParents(empty: Set<string>, name: string, origin: string): void {
  for (let at = parentName(name); at !== undefined && at !== origin; at = parentName(at)) {
    if (empty.has(at) || !isInZone(at, origin)) return;
    empty.add(at);
  }
}
