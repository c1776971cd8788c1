import { CLASS_CODES, type ResourceRecord, typeCode } from "@kubehop/dns-wire";
import { readEntries, type ZoneToken } from "./entries.ts";
import { parseRdata, RECORD_CLASS } from "./rdata.ts";
import { isTtl, parseOwner, parseTtl } from "./values.ts";
import { ZoneError } from "./zone-error.ts";

/** What a record's text leaves out. */
export interface RecordDefaults {
  readonly origin: string;
  /** The owner when the text has none. */
  readonly owner: string | undefined;
  /** Seconds; undefined: the text must say. */
  readonly ttl: number | undefined;
}

/** The words of a record; `continued` when the owner is left out. */
export interface RecordWords {
  readonly tokens: readonly ZoneToken[];
  readonly continued: boolean;
}

/** Reads `[OWNER] [TTL] [CLASS] TYPE DATA`, TTL and CLASS in any order. Throws ZoneError. */
export function readRecord(words: RecordWords, defaults: RecordDefaults): ResourceRecord {
  const { tokens, continued } = words;
  const name = continued ? defaults.owner : parseOwner(tokens[0]?.text ?? "", defaults.origin);
  if (name === undefined) throw new ZoneError("the first record has no owner");
  const { ttl, cls, at } = readTtlAndClass(tokens, continued ? 0 : 1, defaults.ttl);
  const type = tokens[at]?.text.toUpperCase() ?? "";
  if (typeCode(type) === undefined) throw new ZoneError(`there is no record type "${type}"`);
  if (ttl === undefined) throw new ZoneError("there is no TTL; expected one here or as $TTL");
  const { origin } = defaults;
  return parseRdata({ name, ttl, class: cls }, type, { origin, tokens, at: at + 1 });
}

function readTtlAndClass(
  tokens: readonly ZoneToken[],
  from: number,
  defaultTtl: number | undefined,
): { ttl: number | undefined; cls: number; at: number } {
  let ttl = defaultTtl;
  let cls = RECORD_CLASS;
  let at = from;
  for (let text = tokens[at]?.text; text !== undefined; text = tokens[++at]?.text) {
    const code = CLASS_CODES[text.toUpperCase()];
    if (isTtl(text)) ttl = parseTtl(text);
    else if (code === undefined) break;
    else cls = code;
  }
  return { ttl, cls, at };
}

/** TTL of a record whose text has none (miekg/dns' defaultTtl). */
const DEFAULT_TTL = 3_600;

/** Reads one record; names that are not absolute are below the root. Throws ZoneError. */
export function parseRecord(text: string): ResourceRecord {
  const [entry, more] = [...readEntries(text.trim())];
  if (entry === undefined || more !== undefined) throw new ZoneError("expected one record");
  return readRecord(entry, { origin: ".", owner: undefined, ttl: DEFAULT_TTL });
}
