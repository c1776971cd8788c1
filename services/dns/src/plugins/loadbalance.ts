import type { ResourceRecord } from "@kubehop/dns-wire";
import type { Random } from "@kubehop/kit";
import { mapReply } from "../chain.ts";
import {
  invalidArgument,
  onlyDirective,
  refuseBlock,
  takeArguments,
} from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import type { Reply } from "../reply.ts";

/** Shuffles the A, AAAA and MX records of answers; CNAMEs come first. */
export const loadbalance: Plugin = {
  name: "loadbalance",
  setup(directives, { random }) {
    const directive = onlyDirective(directives);
    const range = { min: 0, max: 1, syntax: "loadbalance [round_robin]" };
    const [policy = "round_robin"] = takeArguments(directive, range);
    refuseBlock(directive);
    if (policy !== "round_robin") throw invalidArgument(directive, policy, "round_robin");
    const balance = (reply: Reply): Reply => shuffleReply(reply, random);
    return {
      link: (next) => (query) => {
        return mapReply(next, query, balance);
      },
    };
  },
};

function shuffleReply(reply: Reply, random: Random): Reply {
  const { answers, authorities, additionals } = reply;
  if (answers.length < 2 && authorities.length < 2 && additionals.length < 2) return reply;
  return {
    ...reply,
    answers: shuffle(answers, random),
    authorities: shuffle(authorities, random),
    additionals: shuffle(additionals, random),
  };
}

/** Order as CoreDNS gives it: CNAMEs, then all others, then the shuffled addresses and MX. */
function shuffle(records: readonly ResourceRecord[], random: Random): readonly ResourceRecord[] {
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
