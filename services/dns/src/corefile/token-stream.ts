import { CorefileError, type Position } from "./corefile-error.ts";
import type { Token } from "./lexer.ts";

/** Tokens as they are parsed; an import puts others in their place. */
export interface TokenStream {
  /** The next token, not taken. */
  peek(): Token | undefined;
  /** Takes the next token. */
  next(): Token | undefined;
  /** Takes the next token; throws CorefileError "unexpected end of file" when there is none. */
  expect(what: string): Token;
  /** Puts tokens before the next one; the first of them starts a line. */
  insert(tokens: readonly Token[]): void;
}

/** Creates a stream over a file's tokens. */
export function createTokenStream(file: string, tokens: readonly Token[]): TokenStream {
  const sources: { tokens: readonly Token[]; at: number }[] = [{ tokens, at: 0 }];
  let last: Position = { file, line: 1, column: 1 };
  const peek = (): Token | undefined => {
    for (let source = sources.at(-1); source !== undefined; source = sources.at(-1)) {
      const token = source.tokens[source.at];
      if (token !== undefined) return token;
      sources.pop();
    }
    return undefined;
  };
  const next = (): Token | undefined => {
    const token = peek();
    const source = sources.at(-1);
    if (token === undefined || source === undefined) return undefined;
    source.at++;
    last = token;
    return token;
  };
  return {
    peek,
    next,
    expect(what) {
      const token = next();
      if (token === undefined) {
        throw new CorefileError(last, `unexpected end of file; expected ${what}`);
      }
      return token;
    },
    insert(more) {
      const [first, ...rest] = more;
      if (first === undefined) return;
      sources.push({ tokens: [{ ...first, startsLine: true }, ...rest], at: 0 });
    },
  };
}

/** Whether a token is that brace or word, not quoted. */
export function isPlain(token: Token | undefined, text: string): boolean {
  return token !== undefined && !token.quoted && token.text === text;
}
