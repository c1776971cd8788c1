import { isAbsolute, dirname, join } from "node:path";
import type { ResourceRecord } from "@kubehop/dns-wire";
import { readEntries, type ZoneEntry } from "./entries.ts";
import { readRecord } from "./record.ts";
import { parseOwner, parseTtl } from "./values.ts";
import { ZoneError } from "./zone-error.ts";

/** A master file and how the files it includes are read. */
export interface ZoneFileSource {
  /** Its path; included files are relative to its folder. */
  readonly file: string;
  readonly text: string;
  /** The origin at its beginning: the zone. */
  readonly origin: string;
  /** A file's text; throws when it cannot be read. */
  read(path: string): string;
}

interface State {
  origin: string;
  owner: string | undefined;
  /** `$TTL`, else the TTL of the record before (RFC 1035 §5.1). */
  ttl: number | undefined;
  fixedTtl: boolean;
  depth: number;
  records: number;
}

const MAX_DEPTH = 8;
const MAX_RECORDS = 2_000_000;

/**
 * Reads a master file (RFC 1035 §5, `$TTL` of RFC 2308 §4): every record in its order. Throws
 * ZoneError with file and line.
 */
export function* parseZoneFile(source: ZoneFileSource): Generator<ResourceRecord> {
  const { origin } = source;
  const state = { origin, owner: undefined, ttl: undefined, fixedTtl: false, depth: 0, records: 0 };
  yield* parseInto(source, state);
}

function* parseInto(source: ZoneFileSource, state: State): Generator<ResourceRecord> {
  const { file } = source;
  let line = 1;
  try {
    for (const entry of readEntries(source.text)) {
      line = entry.line;
      const control = entry.continued ? undefined : entry.tokens[0]?.text.toUpperCase();
      if (control === "$INCLUDE") yield* include(source, entry, state);
      else if (control?.startsWith("$") === true) setControl(control, entry, state);
      else yield readInto(entry, state);
    }
  } catch (error) {
    if (!(error instanceof ZoneError) || error.message.startsWith("/")) throw error;
    const text = /^line \d+: /.test(error.message) ? "" : `line ${line}: `;
    throw new ZoneError(`${file}: ${text}${error.message}`, { cause: error });
  }
}

function readInto(entry: ZoneEntry, state: State): ResourceRecord {
  const record = readRecord(entry, state);
  if (++state.records > MAX_RECORDS) throw new ZoneError(`more than ${MAX_RECORDS} records`);
  state.owner = record.name;
  if (!state.fixedTtl) state.ttl = record.ttl;
  return record;
}

function setControl(control: string, { tokens }: ZoneEntry, state: State): void {
  const argument = tokens[1]?.text;
  if (argument === undefined) throw new ZoneError(`${control} has no argument`);
  if (control === "$ORIGIN") state.origin = parseOwner(argument, state.origin);
  else if (control === "$TTL") {
    state.ttl = parseTtl(argument);
    state.fixedTtl = true;
  } else throw new ZoneError(`unknown ${control}; expected $ORIGIN, $TTL or $INCLUDE`);
}

/** `$INCLUDE FILE [ORIGIN]`; the origin is the old one again behind it. */
function* include(
  source: ZoneFileSource,
  { tokens }: ZoneEntry,
  state: State,
): Generator<ResourceRecord> {
  const path = tokens[1]?.text;
  if (path === undefined) throw new ZoneError("$INCLUDE has no file");
  if (state.depth === MAX_DEPTH) throw new ZoneError(`more than ${MAX_DEPTH} files inside another`);
  const { origin, owner } = state;
  if (tokens[2] !== undefined) state.origin = parseOwner(tokens[2].text, origin);
  const file = isAbsolute(path) ? path : join(dirname(source.file), path);
  state.depth++;
  yield* parseInto({ ...source, file, text: readIncluded(source, file) }, state);
  state.depth--;
  Object.assign(state, { origin, owner });
}

function readIncluded(source: ZoneFileSource, file: string): string {
  try {
    return source.read(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ZoneError(`$INCLUDE ${file}: ${reason}`, { cause: error });
  }
}
