/** A word of an expression. */
export interface ExpressionToken {
  readonly kind: "name" | "number" | "string" | "operator" | "end";
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
}

/** What is wrong with an expression, and where: characters before it. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly at: number;

  constructor(at: number, text: string) {
    super(text);
    this.at = at;
  }
}

const TOKEN =
  /\s*(?:([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(&&|\|\||==|!=|<=|>=|\.\.|[!<>()[\],?:+\-*/%#]))/y;

/** Cuts an expression into words. Throws ExpressionError at the first character that is none. */
export function lexExpression(text: string): ExpressionToken[] {
  const tokens: ExpressionToken[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      const at = start + (/^\s*/.exec(text.slice(start))?.[0].length ?? 0);
      throw new ExpressionError(at, `unexpected ${JSON.stringify(text[at])}`);
    }
    tokens.push(toToken(match));
  }
  tokens.push({ kind: "end", text: "", at: text.length });
  return tokens;
}

function toToken([whole, name, number, string, operator]: RegExpExecArray): ExpressionToken {
  const word = name ?? number ?? string ?? operator ?? "";
  const at = TOKEN.lastIndex - word.length;
  if (name !== undefined) return { kind: "name", text: name, at };
  if (number !== undefined) return { kind: "number", text: number, at };
  if (string !== undefined) return { kind: "string", text: unquote(string), at };
  return { kind: "operator", text: operator ?? whole, at };
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function unquote(quoted: string): string {
  const inside = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inside;
  return inside.replaceAll(/\\(.)/g, (_match, char: string) => ESCAPES[char] ?? char);
}
