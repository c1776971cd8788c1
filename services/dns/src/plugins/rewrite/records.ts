import type { ResourceRecord } from "@kubehop/dns-wire";
import type { Reply } from "../../reply.ts";
import type { Substitute } from "./match.ts";

/** The reply with every record changed. */
export function mapRecords(
  reply: Reply,
  change: (record: ResourceRecord) => ResourceRecord,
): Reply {
  return {
    ...reply,
    answers: reply.answers.map(change),
    authorities: reply.authorities.map(change),
    additionals: reply.additionals.map(change),
  };
}

/** The record with its owner replaced, if it matches. */
export function renameOwner(record: ResourceRecord, substitute: Substitute): ResourceRecord {
  const name = substitute(record.name.toLowerCase());
  return name === undefined ? record : { ...record, name };
}

/** The record with the names in its data replaced, where they match. */
export function renameValue(record: ResourceRecord, substitute: Substitute): ResourceRecord {
  const rename = (name: string): string => substitute(name.toLowerCase()) ?? name;
  if ("target" in record) return { ...record, target: rename(record.target) };
  if (record.type !== "SOA") return record;
  return { ...record, mname: rename(record.mname), rname: rename(record.rname) };
}
