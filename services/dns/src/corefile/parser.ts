import { CorefileError } from "./corefile-error.ts";
import type { Directive } from "./directive.ts";
import { createImports, type CorefileFiles, type Imports } from "./imports.ts";
import { type Environment, lexCorefile, type Token } from "./lexer.ts";
import { createTokenStream, isPlain, type TokenStream } from "./token-stream.ts";

/** A server block as written: its keys and its directives, in the file's order. */
export interface ServerBlock {
  readonly keys: readonly Token[];
  readonly directives: readonly Directive[];
}

/** A parsed Corefile. */
export interface Corefile {
  readonly file: string;
  readonly blocks: readonly ServerBlock[];
  /** What was odd but allowed, with file:line:column. */
  readonly warnings: readonly string[];
}

/** A Corefile's text and where its imports and variables come from. */
export interface CorefileSource {
  /** The path shown in messages; imports are relative to it. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
  readonly files: CorefileFiles;
}

interface Parser {
  readonly stream: TokenStream;
  readonly imports: Imports;
}

/**
 * Parses a Corefile into server blocks: snippets and imports expanded, variables replaced. What
 * the directives mean is the plugins' business. Throws CorefileError with file:line:column.
 */
export function parseCorefile(source: CorefileSource): Corefile {
  const { file, text, env, files } = source;
  const stream = createTokenStream(file, lexCorefile(text, file, env));
  const parser: Parser = { stream, imports: createImports({ env, files }) };
  const blocks: ServerBlock[] = [];
  while (stream.peek() !== undefined) {
    const keys = parseKeys(parser);
    if (keys.length === 0) continue;
    const [first] = keys as [Token];
    const snippet = /^\((.+)\)$/.exec(first.text)?.[1];
    if (keys.length === 1 && snippet !== undefined) defineSnippet(parser, first, snippet);
    else blocks.push({ keys, directives: parseServerBlock(parser) });
  }
  return { file, blocks, warnings: parser.imports.warnings };
}

/** Keys end at `{` or at the line's end, unless a comma says that another one follows. */
function parseKeys(parser: Parser): Token[] {
  const { stream } = parser;
  const keys: Token[] = [];
  let comma: Token | undefined;
  for (let token = stream.peek(); token !== undefined; token = stream.peek()) {
    const newLine = token.startsLine && keys.length > 0 && comma === undefined;
    if (isPlain(token, "{") || newLine) break;
    const key = takeKey(parser, token);
    if (key === undefined) continue;
    const text = key.text.replace(/,$/, "");
    comma = text === key.text ? undefined : key;
    if (text !== "") keys.push({ ...key, text });
  }
  checkKeys(keys, comma, stream.peek());
  return keys;
}

/** The next key; undefined when an import stood there, which put other tokens in its place. */
function takeKey({ stream, imports }: Parser, token: Token): Token | undefined {
  stream.next();
  if (isPlain(token, "}")) throw new CorefileError(token, "unexpected '}'; no block is open");
  if (!token.startsLine || !isPlain(token, "import")) return token;
  imports.expand(token, stream);
  return undefined;
}

function checkKeys(
  keys: readonly Token[],
  comma: Token | undefined,
  open: Token | undefined,
): void {
  if (comma !== undefined) {
    throw new CorefileError(open ?? comma, "expected another zone after the comma");
  }
  if (keys.length === 0 && open !== undefined) {
    throw new CorefileError(open, "expected a zone before '{', for example \".:53\"");
  }
}

/** The only block of a file may leave out its braces; then it reaches to the end. */
function parseServerBlock(parser: Parser): Directive[] {
  if (!isPlain(parser.stream.peek(), "{")) return parseDirectives(parser, undefined);
  const open = parser.stream.expect("'{'");
  return parseDirectives(parser, open);
}

/** Directives until the brace that closes `open`, or without one until the file ends. */
function parseDirectives(parser: Parser, open: Token | undefined): Directive[] {
  const directives: Directive[] = [];
  for (;;) {
    const token = parser.stream.next();
    if (token === undefined) {
      if (open === undefined) return directives;
      throw new CorefileError(open, "this '{' is never closed; expected '}' before the file's end");
    }
    if (isPlain(token, "}")) {
      if (open !== undefined) return directives;
      throw new CorefileError(token, "unexpected '}'; no block is open");
    }
    if (isPlain(token, "{")) throw new CorefileError(token, "expected a directive before '{'");
    if (isPlain(token, "import")) parser.imports.expand(token, parser.stream);
    else directives.push(parseDirective(parser, token));
  }
}

/**
 * A directive's arguments reach to its line's end, to `{` (also on the next line) or to the `}`
 * of the block around it, so that `health { lameduck 5s }` may stand on one line.
 */
function parseDirective(parser: Parser, name: Token): Directive {
  const { stream } = parser;
  const args: Token[] = [];
  for (let token = stream.peek(); token !== undefined; token = stream.peek()) {
    if (isPlain(token, "{")) {
      stream.next();
      return { name: name.text, position: name, args, block: parseDirectives(parser, token) };
    }
    if (token.startsLine || isPlain(token, "}")) break;
    args.push(token);
    stream.next();
  }
  return { name: name.text, position: name, args, block: undefined };
}

function defineSnippet(parser: Parser, key: Token, name: string): void {
  const { stream } = parser;
  const open = stream.expect(`'{' of the snippet "${name}"`);
  if (!isPlain(open, "{")) throw new CorefileError(open, `expected '{' of the snippet "${name}"`);
  const body: Token[] = [];
  for (let depth = 1; ;) {
    const token = stream.next();
    if (token === undefined)
      throw new CorefileError(open, "this '{' is never closed; expected '}'");
    if (isPlain(token, "{")) depth++;
    if (isPlain(token, "}") && --depth === 0) break;
    body.push(token);
  }
  parser.imports.define(key, name, body);
}
