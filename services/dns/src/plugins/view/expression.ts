import type { Query } from "../../query.ts";
import { FUNCTIONS, type Value } from "./functions.ts";
import { ExpressionError, type ExpressionToken, lexExpression } from "./lexer.ts";
import { applyOperator, PRECEDENCE } from "./operators.ts";

/** A compiled expression: gives its value for a query. Throws TypeError for values that do not fit. */
export type Evaluate = (query: Query) => Value;

/** Depth of parentheses and the like; deeper is refused, so that no expression exhausts the stack. */
const MAX_DEPTH = 64;
const MAX_CHARACTERS = 4_096;
const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

interface Parser {
  readonly tokens: readonly ExpressionToken[];
  at: number;
  depth: number;
}

/**
 * Compiles an expression of the language that CoreDNS' `view` uses (expr-lang): literals, arrays,
 * the functions of functions.ts, `! not - + * / % == != < <= > >= in contains startsWith endsWith
 * matches .. && and || or ?:` and parentheses. There is no way out of it: no names but those
 * functions, no members, no calls of values. Throws ExpressionError.
 */
export function compileExpression(text: string): Evaluate {
  if (text.length > MAX_CHARACTERS) {
    throw new ExpressionError(0, `longer than ${MAX_CHARACTERS} characters`);
  }
  const parser: Parser = { tokens: lexExpression(text), at: 0, depth: 0 };
  const evaluate = parseConditional(parser);
  const rest = peek(parser);
  if (rest.kind !== "end") throw new ExpressionError(rest.at, `unexpected "${rest.text}"`);
  return evaluate;
}

function parseConditional(parser: Parser): Evaluate {
  if (++parser.depth > MAX_DEPTH) {
    throw new ExpressionError(peek(parser).at, `nested more than ${MAX_DEPTH} deep`);
  }
  const test = parseBinary(parser, 0);
  parser.depth--;
  if (!accept(parser, "?")) return test;
  const yes = parseConditional(parser);
  expect(parser, ":");
  const no = parseConditional(parser);
  return (query) => (toBoolean(test(query), "?") ? yes(query) : no(query));
}

/** Precedence climbing: operators that bind at least as tightly as `least`. */
function parseBinary(parser: Parser, least: number): Evaluate {
  let left = parseUnary(parser);
  for (;;) {
    const { operator, negated, length } = peekOperator(parser);
    const precedence = PRECEDENCE.get(operator);
    if (precedence === undefined || precedence < least) return left;
    parser.at += length;
    left =
      operator === "matches"
        ? matches(left, takePattern(parser))
        : combine(operator, left, parseBinary(parser, precedence + 1));
    if (negated) left = negate(left);
  }
}

/** `not in`, `not contains`, … are two words. */
function peekOperator(parser: Parser): { operator: string; negated: boolean; length: number } {
  const { kind, text } = peek(parser);
  if (kind !== "name" && kind !== "operator") return { operator: "", negated: false, length: 0 };
  const following = parser.tokens[parser.at + 1];
  if (text !== "not" || following?.kind !== "name") {
    return { operator: text, negated: false, length: 1 };
  }
  return { operator: following.text, negated: true, length: 2 };
}

function combine(operator: string, left: Evaluate, right: Evaluate): Evaluate {
  if (operator === "&&" || operator === "and") {
    return (query) => toBoolean(left(query), operator) && toBoolean(right(query), operator);
  }
  if (operator === "||" || operator === "or") {
    return (query) => toBoolean(left(query), operator) || toBoolean(right(query), operator);
  }
  return (query) => applyOperator(operator, left(query), right(query));
}

/** The pattern of `matches` is written out, so that a mistake in it is told at once. */
function takePattern(parser: Parser): RegExp {
  const { kind, text, at } = peek(parser);
  if (kind !== "string") throw new ExpressionError(at, "expected a regular expression in quotes");
  parser.at++;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new ExpressionError(at, error instanceof Error ? error.message : String(error));
  }
}

function matches(operand: Evaluate, pattern: RegExp): Evaluate {
  return (query) => {
    const value = operand(query);
    if (typeof value === "string") return pattern.test(value);
    throw new TypeError("matches needs text");
  };
}

function negate(operand: Evaluate): Evaluate {
  return (query) => !toBoolean(operand(query), "not");
}

function parseUnary(parser: Parser): Evaluate {
  const { kind, text, at } = peek(parser);
  if (kind === "string") return constant(parser, text);
  if (kind === "number") return constant(parser, Number(text));
  if (kind === "name" && text !== "not") return parseName(parser);
  parser.at++;
  switch (text) {
    case "!":
    case "not":
      return negate(nested(parser, () => parseUnary(parser)));
    case "-":
    case "+": {
      const operand = nested(parser, () => parseUnary(parser));
      return (query) => applyOperator(text, 0, operand(query));
    }
    case "(": {
      const inside = parseConditional(parser);
      expect(parser, ")");
      return inside;
    }
    case "[": {
      const items = parseList(parser, "]");
      return (query) => items.map((item) => item(query));
    }
    default:
      throw new ExpressionError(at, kind === "end" ? "ends too soon" : `unexpected "${text}"`);
  }
}

function nested<T>(parser: Parser, parse: () => T): T {
  if (++parser.depth > MAX_DEPTH) {
    throw new ExpressionError(peek(parser).at, `nested more than ${MAX_DEPTH} deep`);
  }
  const result = parse();
  parser.depth--;
  return result;
}

function constant(parser: Parser, value: Value): Evaluate {
  parser.at++;
  return () => value;
}

function parseName(parser: Parser): Evaluate {
  const { text, at } = peek(parser);
  const value = CONSTANTS.get(text);
  if (value !== undefined) return constant(parser, value);
  const called = Object.hasOwn(FUNCTIONS, text) ? FUNCTIONS[text] : undefined;
  if (called === undefined) {
    const known = Object.keys(FUNCTIONS).join(", ");
    throw new ExpressionError(at, `there is no function ${text}; expected one of ${known}`);
  }
  parser.at++;
  expect(parser, "(");
  const args = parseList(parser, ")");
  if (args.length !== called.parameters) {
    throw new ExpressionError(at, `${text} takes ${called.parameters} arguments`);
  }
  return (query) =>
    called.call(
      query,
      args.map((arg) => arg(query)),
    );
}

function parseList(parser: Parser, close: string): Evaluate[] {
  const items: Evaluate[] = [];
  while (!accept(parser, close)) {
    if (items.length > 0) expect(parser, ",");
    items.push(parseConditional(parser));
  }
  return items;
}

function peek(parser: Parser): ExpressionToken {
  return parser.tokens[parser.at] ?? { kind: "end", text: "", at: 0 };
}

function accept(parser: Parser, text: string): boolean {
  const token = peek(parser);
  if (token.kind !== "operator" || token.text !== text) return false;
  parser.at++;
  return true;
}

function expect(parser: Parser, text: string): void {
  if (accept(parser, text)) return;
  const token = peek(parser);
  const found = token.kind === "end" ? "the end" : `"${token.text}"`;
  throw new ExpressionError(token.at, `expected "${text}" and found ${found}`);
}

function toBoolean(value: Value, operator: string): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${operator} needs true or false`);
}
