import { decodeMessage, type Message, type ResourceRecord } from "@kubehop/dns-wire";
import dnsPacket, { type Answer, type DecodedPacket } from "dns-packet";
import { Packet } from "dns2";
import ipaddr from "ipaddr.js";

/**
 * Decodes an answer with the own codec, with dns-packet and with dns2, and gives what the own one
 * read. Throws when one of the others cannot read it or reads something else.
 */
export function decodeAnswer(bytes: Buffer): Message {
  const own = decodeMessage(bytes);
  requireSame("dns-packet", own, describeDnsPacket(dnsPacket.decode(bytes)));
  requireSame("dns2", own, describeDns2(Packet.parse(bytes)));
  return own;
}

/** A section as lines `name ttl data`; undefined data is not compared. */
interface Line {
  readonly head: string;
  readonly data?: string | undefined;
}

type Sections = readonly (readonly Line[])[];

function requireSame(decoder: string, own: Message, sections: Sections): void {
  for (const [index, ours] of describeOwn(own).entries()) {
    const theirs = sections[index] ?? [];
    if (ours.length === theirs.length && ours.every((line, at) => isSame(line, theirs[at])))
      continue;
    const section = ["answers", "authorities", "additionals"][index];
    throw new Error(
      `${decoder} read ${JSON.stringify(theirs)} as ${section}, not ${JSON.stringify(ours)}`,
    );
  }
}

function isSame(ours: Line, theirs: Line | undefined): boolean {
  if (ours.head !== theirs?.head) return false;
  return ours.data === undefined || theirs.data === undefined || ours.data === theirs.data;
}

function describeOwn({ answers, authorities, additionals }: Message): Sections {
  return [answers, authorities, additionals].map((records) =>
    records.map((record) => ({
      head: `${bare(record.name)} ${record.ttl}`,
      data: ownData(record),
    })),
  );
}

/** What all three decoders understand; other types are compared by owner and TTL. */
function ownData(record: ResourceRecord): string | undefined {
  switch (record.type) {
    case "A":
    case "AAAA":
      return record.address;
    case "NS":
    case "CNAME":
    case "PTR":
      return bare(record.target);
    case "SRV":
      return `${record.priority} ${record.weight} ${record.port} ${bare(record.target)}`;
    case "MX":
      return `${record.preference} ${bare(record.target)}`;
    case "TXT":
      return record.strings.join("|");
    case "SOA":
      return `${bare(record.mname)} ${bare(record.rname)} ${record.serial} ${record.minimum}`;
    default:
      return undefined;
  }
}

function describeDnsPacket({ answers, authorities, additionals }: DecodedPacket): Sections {
  return [answers, authorities, additionals].map((records) =>
    (records ?? [])
      .filter(({ type }) => type !== "OPT")
      .map((record) => ({
        head: `${bare(record.name)} ${"ttl" in record ? record.ttl : ""}`,
        data: dnsPacketData(record),
      })),
  );
}

function dnsPacketData(record: Answer): string | undefined {
  switch (record.type) {
    case "A":
      return record.data;
    case "AAAA":
      return shortest(record.data);
    case "NS":
    case "CNAME":
    case "PTR":
      return bare(record.data);
    case "SRV": {
      const { priority, weight, port, target } = record.data;
      return `${priority} ${weight} ${port} ${bare(target)}`;
    }
    case "MX":
      return `${record.data.preference} ${bare(record.data.exchange)}`;
    case "TXT":
      return [record.data].flat().map(latin1).join("|");
    case "SOA": {
      const { mname, rname, serial, minimum } = record.data;
      return `${bare(mname)} ${bare(rname)} ${serial} ${minimum}`;
    }
    default:
      return undefined;
  }
}

function describeDns2(packet: Packet): Sections {
  const [error] = packet.errors;
  if (error !== undefined) throw new Error(`dns2 cannot read an answer: ${error.message}`);
  const { answers, authorities, additionals } = packet;
  return [answers, authorities, additionals].map((records) =>
    records
      .filter(({ type }) => type !== Packet.TYPE.EDNS)
      .map((record) => ({ head: `${bare(record.name)} ${record.ttl}`, data: dns2Data(record) })),
  );
}

function dns2Data(record: Packet["answers"][number]): string | undefined {
  switch (record.type) {
    case Packet.TYPE.A:
    case Packet.TYPE.AAAA:
      return shortest(String(record.address));
    case Packet.TYPE.NS:
      return bare(String(record.ns));
    case Packet.TYPE.CNAME:
    case Packet.TYPE.PTR:
      return bare(String(record.domain));
    case Packet.TYPE.SRV:
      return `${record.priority} ${record.weight} ${record.port} ${bare(String(record.target))}`;
    case Packet.TYPE.MX:
      return `${record.priority} ${bare(String(record.exchange))}`;
    case Packet.TYPE.SOA:
      return `${bare(String(record.primary))} ${bare(String(record.admin))} ${record.serial} ${record.minimum}`;
    default:
      return undefined;
  }
}

/** A name without its last dot, as both libraries write it. */
function bare(name: string): string {
  return name.replace(/\.$/, "");
}

function shortest(address: string): string {
  return ipaddr.parse(address).toString();
}

function latin1(text: string | Buffer): string {
  return typeof text === "string" ? text : text.toString("latin1");
}
