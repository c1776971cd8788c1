import { ZoneError } from "./zone-error.ts";

/** A word of an entry; escapes stay in it. */
export interface ZoneToken {
  readonly text: string;
  readonly quoted: boolean;
}

/** A record or a `$` line; parentheses make one of several lines. */
export interface ZoneEntry {
  readonly line: number;
  /** It begins with white space: its owner is that of the entry before. */
  readonly continued: boolean;
  readonly tokens: readonly ZoneToken[];
}

/** Words of one entry; more is no record. */
const MAX_TOKENS = 10_000;

/** One word, space or sign of a master file (RFC 1035 §5.1). */
const PART =
  /(?<comment>;[^\n]*)|(?<newline>\n)|(?<space>[ \t\r\f\v]+)|"(?<quoted>(?:[^"\\]|\\[\s\S])*)"|(?<paren>[()])|(?<word>(?:[^\s"();\\]|\\[\s\S])+)/gy;

interface Reader {
  line: number;
  /** Parentheses that are open. */
  depth: number;
  atLineStart: boolean;
  entry: { readonly line: number; continued: boolean; readonly tokens: ZoneToken[] };
}

/** Cuts a master file into entries. Throws ZoneError for what has no end. */
export function* readEntries(text: string): Generator<ZoneEntry> {
  const reader: Reader = { line: 1, depth: 0, atLineStart: true, entry: createEntry(1) };
  let end = 0;
  for (const match of text.matchAll(PART)) {
    end = match.index + match[0].length;
    if (match.groups?.["newline"] === undefined) takePart(reader, match.groups ?? {});
    else {
      const { entry } = reader;
      if (endLine(reader) && entry.tokens.length > 0) yield entry;
    }
  }
  const { entry, line, depth } = reader;
  if (end !== text.length) throw new ZoneError(`line ${line}: a quote or an escape has no end`);
  if (depth > 0) throw new ZoneError(`line ${entry.line}: "(" is never closed`);
  if (entry.tokens.length > 0) yield entry;
}

function createEntry(line: number): Reader["entry"] {
  return { line, continued: false, tokens: [] };
}

/** Gives whether the line's end is the entry's. */
function endLine(reader: Reader): boolean {
  reader.line++;
  reader.atLineStart = true;
  if (reader.depth > 0) return false;
  reader.entry = createEntry(reader.line);
  return true;
}

function takePart(reader: Reader, groups: Readonly<Record<string, string | undefined>>): void {
  const { space, paren, quoted, word } = groups;
  const { entry, line } = reader;
  if (space !== undefined && reader.atLineStart && reader.depth === 0) entry.continued = true;
  reader.atLineStart = false;
  if (paren !== undefined) reader.depth = nest(reader.depth, paren, line);
  const text = quoted ?? word;
  if (text === undefined) return;
  if (entry.tokens.length === MAX_TOKENS) throw new ZoneError(`line ${line}: too many words`);
  entry.tokens.push({ text, quoted: quoted !== undefined });
  reader.line += text.split("\n").length - 1;
}

function nest(depth: number, paren: string, line: number): number {
  if (paren === "(") return depth + 1;
  if (depth === 0) throw new ZoneError(`line ${line}: ")" without "("`);
  return depth - 1;
}
