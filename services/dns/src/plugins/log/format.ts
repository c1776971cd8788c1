import { className, Flag, rcodeName } from "@kubehop/dns-wire";
import { answerLimit, type Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";

/** What one line of the log is made from. */
export interface LogEntry {
  readonly query: Query;
  readonly reply: Reply;
  /** Octets of the answer. */
  readonly octets: number;
  /** Seconds. */
  readonly duration: number;
}

/** Makes a line. */
export type LineFormat = (entry: LogEntry) => string;

/** The format when none is given, `{common}`. */
export const COMMON_FORMAT: string =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" ' +
  "{rcode} {>rflags} {rsize} {duration}";
/** `{combined}`: common and the operation code. */
export const COMBINED_FORMAT: string = `${COMMON_FORMAT} "{>opcode}"`;

type Field = (entry: LogEntry) => string | number | boolean;

const FIELDS: Readonly<Record<string, Field>> = {
  type: ({ query }) => query.question.type,
  name: ({ query }) => query.name,
  class: ({ query }) => className(query.question.class),
  proto: ({ query }) => query.protocol,
  remote: ({ query }) => (query.client.ip.includes(":") ? `[${query.client.ip}]` : query.client.ip),
  port: ({ query }) => query.client.port,
  local: ({ query }) => query.server,
  size: ({ query }) => query.size,
  rcode: ({ reply }) => rcodeName(reply.rcode),
  rsize: ({ octets }) => octets,
  duration: ({ duration }) => `${duration.toFixed(9)}s`,
  ">id": ({ query }) => query.id,
  ">opcode": ({ query }) => query.opcode,
  ">do": ({ query }) => query.edns?.dnssecOk ?? false,
  ">bufsize": ({ query }) => answerLimit(query),
  ">rflags": ({ query, reply }) => flagNames(query, reply),
};

/** Compiles a format. Gives the name of the first `{field}` that does not exist instead. */
export function compileFormat(text: string): LineFormat | { readonly unknown: string } {
  const format = text
    .replaceAll("{common}", COMMON_FORMAT)
    .replaceAll("{combined}", COMBINED_FORMAT);
  const parts: LineFormat[] = [];
  for (const part of format.split(/(\{[^{}]+\})/)) {
    const field = /^\{([^{}]+)\}$/.exec(part)?.[1];
    if (field === undefined) {
      parts.push(() => part);
      continue;
    }
    const read = field.startsWith("/") ? readMetadata(field.slice(1)) : fieldOf(field);
    if (read === undefined) return { unknown: field };
    parts.push((entry) => String(read(entry)));
  }
  return (entry) => parts.map((part) => part(entry)).join("");
}

function fieldOf(name: string): Field | undefined {
  return Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
}

/** `{/view/name}`: what the block's `metadata` knows, else a dash. */
function readMetadata(label: string): Field {
  return ({ query }) => {
    const value = query.metadata?.(query, label) ?? "";
    return value === "" ? "-" : value;
  };
}

function flagNames(query: Query, reply: Reply): string {
  const flags = Flag.QR | reply.flags | (query.flags & (Flag.RD | Flag.CD));
  const names = ["QR", "AA", "TC", "RD", "RA", "AD", "CD"] as const;
  return names
    .filter((name) => (flags & Flag[name]) !== 0)
    .map((name) => name.toLowerCase())
    .join(",");
}
