import type { ResourceRecord } from "@kubehop/dns-wire";
import type { Random } from "@kubehop/kit";
import type { Reply } from "../../reply.ts";
import type { Networks } from "../networks.ts";
import type { Weights } from "./weights.ts";

/** Orders the records of a section. */
export type Order = (records: readonly ResourceRecord[]) => readonly ResourceRecord[];

/** The reply with each section in order. */
export function orderReply(reply: Reply, order: Order): Reply {
  const { answers, authorities, additionals } = reply;
  if (answers.length < 2 && authorities.length < 2 && additionals.length < 2) return reply;
  return {
    ...reply,
    answers: order(answers),
    authorities: order(authorities),
    additionals: order(additionals),
  };
}

/** Order as CoreDNS gives it: CNAMEs, then all others, then the shuffled addresses and MX. */
export function shuffle(
  records: readonly ResourceRecord[],
  random: Random,
): readonly ResourceRecord[] {
  if (records.length < 2) return records;
  const aliases: ResourceRecord[] = [];
  const shuffled: ResourceRecord[] = [];
  const others: ResourceRecord[] = [];
  for (const record of records) {
    if (record.type === "CNAME") aliases.push(record);
    else if (record.type === "A" || record.type === "AAAA" || record.type === "MX") {
      insertAtRandom(shuffled, record, random);
    } else others.push(record);
  }
  return [...aliases, ...others, ...shuffled];
}

/** One step of a Fisher–Yates shuffle, inside out. */
function insertAtRandom(list: ResourceRecord[], record: ResourceRecord, random: Random): void {
  const place = Math.floor(random() * (list.length + 1));
  const displaced = list[place];
  if (displaced !== undefined) list.push(displaced);
  list[place] = record;
}

/** Puts an address drawn by weight before the others, if the file knows the name. */
export function drawFirst(
  records: readonly ResourceRecord[],
  weights: Weights,
  random: Random,
): readonly ResourceRecord[] {
  const addresses = records.filter(({ type }) => type === "A" || type === "AAAA");
  const [first] = addresses;
  if (first === undefined || !weights.knows(first.name.toLowerCase())) return records;
  const drawn = draw(addresses, weights, random);
  const others = records.filter((record) => record !== drawn);
  const at = others.findIndex(({ type }) => type === "A" || type === "AAAA");
  return others.toSpliced(at < 0 ? others.length : at, 0, drawn);
}

function draw(
  addresses: readonly ResourceRecord[],
  weights: Weights,
  random: Random,
): ResourceRecord {
  const weighted = addresses.map((record) => ({
    record,
    weight: "address" in record ? weights.weight(record.name.toLowerCase(), record.address) : 0,
  }));
  let left = random() * weighted.reduce((sum, { weight }) => sum + weight, 0);
  const found = weighted.find(({ weight }) => (left -= weight) < 0);
  return (found ?? weighted[0])?.record as ResourceRecord;
}

/** Puts addresses of the preferred networks before the other addresses. */
export function preferNetworks(
  records: readonly ResourceRecord[],
  networks: Networks,
): readonly ResourceRecord[] {
  const rank = (record: ResourceRecord): number => {
    if (record.type !== "A" && record.type !== "AAAA") return 0;
    return networks.contains(record.address) ? 1 : 2;
  };
  return records.toSorted((left, right) => rank(left) - rank(right));
}
