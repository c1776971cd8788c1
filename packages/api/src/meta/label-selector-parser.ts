import type { StatusCause } from "../status/reasons.ts";
import { badRequest } from "../status/status-error.ts";
import { keyErrors, requirementErrors } from "./label-selector.ts";
import type { LabelOperator, LabelRequirement, Selector } from "./label-selector.ts";

/**
 * Parses the text of a `labelSelector` parameter: `a=b,c!=d,e in (f,g),h,!i,j>1`.
 * The grammar and the error texts are those of apimachinery/pkg/labels.
 * @throws StatusError 400 that says what was found and what was expected.
 */
export function parseLabelSelector(text: string): Selector {
  const tokens = createTokens(text);
  const requirements: LabelRequirement[] = [];
  for (;;) {
    const next = tokens.peek();
    if (next.type === "end") return requirements;
    if (next.type !== "word" && next.text !== "!") {
      throw badRequest(`found '${next.text}', expected: !, identifier, or 'end of string'`);
    }
    requirements.push(parseRequirement(tokens));
    const separator = tokens.take();
    if (separator.type === "end") return requirements;
    if (separator.text !== ",") {
      throw badRequest(`found '${separator.text}', expected: ',' or 'end of string'`);
    }
    const after = tokens.peek();
    if (after.type !== "word" && after.text !== "!") {
      throw badRequest(`found '${after.text}', expected: identifier after ','`);
    }
  }
}

interface Token {
  readonly type: "word" | "symbol" | "error" | "end";
  readonly text: string;
}

interface Tokens {
  peek(): Token;
  take(): Token;
}

const SYMBOLS = new Set([")", ",", "!", "==", "=", "!=", "(", ">", "<"]);
const SPACE = /[ \t\r\n]/;
const SPECIAL = /[=!(),><]/;

function createTokens(text: string): Tokens {
  let position = 0;
  let ahead: Token | undefined;

  function scan(): Token {
    while (position < text.length && SPACE.test(text.charAt(position))) position++;
    if (position >= text.length) return { type: "end", text: "" };
    return SPECIAL.test(text.charAt(position)) ? scanSymbol() : scanWord();
  }

  function scanWord(): Token {
    const start = position;
    const ends = (character: string): boolean => SPACE.test(character) || SPECIAL.test(character);
    while (position < text.length && !ends(text.charAt(position))) position++;
    return { type: "word", text: text.slice(start, position) };
  }

  function scanSymbol(): Token {
    const two = text.slice(position, position + 2);
    const symbol = SYMBOLS.has(two) ? two : text.charAt(position);
    position += symbol.length;
    return { type: "symbol", text: symbol };
  }

  return {
    peek: () => (ahead ??= scan()),
    take: () => {
      const token = ahead ?? scan();
      ahead = undefined;
      return token;
    },
  };
}

const BINARY = new Map<string, LabelOperator>([
  ["in", "In"],
  ["notin", "NotIn"],
  ["=", "In"],
  ["==", "In"],
  ["!=", "NotIn"],
  [">", "GreaterThan"],
  ["<", "LessThan"],
]);

function parseRequirement(tokens: Tokens): LabelRequirement {
  const negated = tokens.peek().text === "!";
  if (negated) tokens.take();
  const key = tokens.take();
  if (key.type !== "word") fail(`found '${key.text}', expected: identifier`);
  check(keyErrors("<nil>", key.text));
  const next = tokens.peek();
  if (negated) return checked({ key: key.text, operator: "DoesNotExist", values: [] });
  if (next.type === "end" || next.text === ",") {
    return checked({ key: key.text, operator: "Exists", values: [] });
  }
  const token = tokens.take();
  const operator = BINARY.get(token.text);
  if (operator === undefined) {
    fail(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  const values = token.type === "word" ? parseValues(tokens) : [parseExactValue(tokens)];
  return checked({ key: key.text, operator, values });
}

function parseExactValue(tokens: Tokens): string {
  const next = tokens.peek();
  if (next.type === "end" || next.text === ",") return "";
  const value = tokens.take();
  if (value.type !== "word") fail(`found '${value.text}', expected: identifier`);
  return value.text;
}

function parseValues(tokens: Tokens): string[] {
  const open = tokens.take();
  if (open.text !== "(") fail(`found '${open.text}' expected: '('`);
  if (tokens.peek().text === ")") {
    tokens.take();
    return [];
  }
  const values = new Set<string>();
  for (;;) {
    const next = tokens.peek();
    if (next.type === "word") values.add(tokens.take().text);
    else if (next.text === "," || next.text === ")") values.add("");
    else fail(`found '${next.text}', expected: ',', ')' or identifier`);
    const end = tokens.take();
    if (end.text === ")") return [...values].toSorted();
    if (end.text !== ",") fail(`found '${end.text}', expected: ',' or ')'`);
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  check(requirementErrors(requirement));
  return requirement;
}

function check(errors: readonly StatusCause[]): void {
  if (errors.length === 0) return;
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  fail(texts.length === 1 ? String(texts[0]) : `[${texts.join(", ")}]`);
}

function fail(why: string): never {
  throw badRequest(`unable to parse requirement: ${why}`);
}
