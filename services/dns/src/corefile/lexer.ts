import { CorefileError, type Position } from "./corefile-error.ts";

/** A word of a Corefile. */
export interface Token extends Position {
  readonly text: string;
  /** Whether it was written in quotes; a quoted brace or `import` is plain text. */
  readonly quoted: boolean;
  /** Whether it is the first of its line. */
  readonly startsLine: boolean;
}

/** Environment variables that `{$NAME}` and `{%NAME%}` stand for. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Scanner extends Position {
  readonly text: string;
  at: number;
  line: number;
  column: number;
}

/**
 * Cuts a Corefile into tokens, as coredns/caddy's lexer does: white space separates; a `"` at the
 * start of a token opens a quoted one, which may span lines and knows one escape, `\"`; `#`
 * outside quotes starts a comment even inside a token; carriage returns and a byte order mark are
 * dropped. `{$NAME}` and `{%NAME%}` are replaced in every token; an unset variable is empty.
 * Throws CorefileError for a quote that is never closed.
 */
export function lexCorefile(text: string, file: string, env: Environment): Token[] {
  const plain = text.replace(/^\uFEFF/, "").replaceAll("\r", "");
  const scanner: Scanner = { file, text: plain, at: 0, line: 1, column: 1 };
  const tokens: Token[] = [];
  let lastLine = 0;
  while (skipSpace(scanner)) {
    const { line, column } = scanner;
    const quoted = scanner.text[scanner.at] === '"';
    const raw = quoted ? readQuoted(scanner) : readPlain(scanner);
    const startsLine = line !== lastLine;
    tokens.push({ file, line, column, text: substitute(raw, env), quoted, startsLine });
    lastLine = scanner.line;
  }
  return tokens;
}

function skipSpace(scanner: Scanner): boolean {
  for (let char = peek(scanner); char !== undefined; char = peek(scanner)) {
    if (char === "#") skipComment(scanner);
    else if (/\s/.test(char)) advance(scanner);
    else return true;
  }
  return false;
}

function skipComment(scanner: Scanner): void {
  while (peek(scanner) !== undefined && peek(scanner) !== "\n") advance(scanner);
}

function readPlain(scanner: Scanner): string {
  const start = scanner.at;
  for (let char = peek(scanner); char !== undefined; char = peek(scanner)) {
    if (char === "#" || /\s/.test(char)) break;
    advance(scanner);
  }
  return scanner.text.slice(start, scanner.at);
}

function readQuoted(scanner: Scanner): string {
  const start: Position = { file: scanner.file, line: scanner.line, column: scanner.column };
  let value = "";
  advance(scanner);
  for (let char = peek(scanner); char !== undefined; char = peek(scanner)) {
    advance(scanner);
    if (char === '"') return value;
    if (char === "\\" && peek(scanner) === '"') {
      char = '"';
      advance(scanner);
    }
    value += char;
  }
  throw new CorefileError(start, 'this quote is never closed; expected another "');
}

function peek(scanner: Scanner): string | undefined {
  return scanner.text[scanner.at];
}

function advance(scanner: Scanner): void {
  const newline = scanner.text[scanner.at] === "\n";
  scanner.at++;
  if (newline) scanner.line++;
  scanner.column = newline ? 1 : scanner.column + 1;
}

function substitute(text: string, env: Environment): string {
  if (!text.includes("{")) return text;
  return text.replace(
    /\{\$([^{}$%\s]+)\}|\{%([^{}$%\s]+)%\}/g,
    (_match, unix: string | undefined, windows: string | undefined) =>
      env[unix ?? windows ?? ""] ?? "",
  );
}
