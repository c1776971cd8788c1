import { type ExpressionFunction, FUNCTIONS, type Scope, type Value } from "./functions.ts";
import { ExpressionError, type ExpressionToken, lexExpression } from "./lexer.ts";
import { applyOperator, PRECEDENCE } from "./operators.ts";

/** A compiled expression: gives its value. Throws TypeError for values that do not fit. */
export type Evaluate = (scope: Scope) => Value;

/** What an expression may name besides the functions of functions.ts. */
export interface Names {
  readonly functions?: Readonly<Record<string, ExpressionFunction>>;
  readonly variables?: ReadonlySet<string>;
}

/** Depth of parentheses and the like; deeper is refused, so that no expression exhausts the stack. */
const MAX_DEPTH = 64;
const MAX_CHARACTERS = 4_096;
const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

/** Functions of a list and a condition, in which `#` is the item. */
const QUANTIFIERS: Readonly<
  Record<string, (items: readonly Value[], holds: (item: Value) => boolean) => boolean>
> = {
  any: (items, holds) => items.some(holds),
  all: (items, holds) => items.every(holds),
  none: (items, holds) => !items.some(holds),
};

interface Parser {
  readonly functions: Readonly<Record<string, ExpressionFunction>>;
  readonly variables: ReadonlySet<string>;
  readonly tokens: readonly ExpressionToken[];
  at: number;
  depth: number;
  /** How many any(), all() and none() are around this place. */
  quantified: number;
}

/**
 * Compiles an expression of the language that CoreDNS uses (expr-lang): literals, arrays, the
 * functions of functions.ts, any(), all() and none() with `#`, given names, `! not - + * / % == != < <= > >= in contains startsWith endsWith
 * matches .. && and || or ?:` and parentheses. There is no way out of it: no names but those, no
 * members, no calls of values. Throws ExpressionError.
 */
export function compileExpression(text: string, names: Names = {}): Evaluate {
  if (text.length > MAX_CHARACTERS) {
    throw new ExpressionError(0, `longer than ${MAX_CHARACTERS} characters`);
  }
  const { functions = {}, variables = new Set() } = names;
  const parser: Parser = {
    functions: { ...FUNCTIONS, ...functions },
    variables,
    tokens: lexExpression(text),
    at: 0,
    depth: 0,
    quantified: 0,
  };
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
  return (scope) => (toBoolean(test(scope), "?") ? yes(scope) : no(scope));
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
    return (scope) => toBoolean(left(scope), operator) && toBoolean(right(scope), operator);
  }
  if (operator === "||" || operator === "or") {
    return (scope) => toBoolean(left(scope), operator) || toBoolean(right(scope), operator);
  }
  return (scope) => applyOperator(operator, left(scope), right(scope));
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
  return (scope) => {
    const value = operand(scope);
    if (typeof value === "string") return pattern.test(value);
    throw new TypeError("matches needs text");
  };
}

function negate(operand: Evaluate): Evaluate {
  return (scope) => !toBoolean(operand(scope), "not");
}

function parseUnary(parser: Parser): Evaluate {
  const { kind, text, at } = peek(parser);
  if (kind === "string") return constant(parser, text);
  if (kind === "number") return constant(parser, Number(text));
  if (kind === "name" && text !== "not") return parseName(parser);
  parser.at++;
  if (kind === "end") throw new ExpressionError(at, "ends too soon");
  return parsePrefix(parser, text, at);
}

function parsePrefix(parser: Parser, text: string, at: number): Evaluate {
  switch (text) {
    case "!":
    case "not":
      return negate(nested(parser, () => parseUnary(parser)));
    case "-":
    case "+": {
      const operand = nested(parser, () => parseUnary(parser));
      return (scope) => applyOperator(text, 0, operand(scope));
    }
    case "(": {
      const inside = parseConditional(parser);
      expect(parser, ")");
      return inside;
    }
    case "[": {
      const items = parseList(parser, "]");
      return (scope) => items.map((item) => item(scope));
    }
    case "#":
      if (parser.quantified === 0) throw new ExpressionError(at, "# stands in any, all and none");
      return ({ item = null }) => item;
    default:
      throw new ExpressionError(at, `unexpected "${text}"`);
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
  parser.at++;
  if (parser.variables.has(text)) return ({ variables = {} }) => variables[text] ?? null;
  const quantify = Object.hasOwn(QUANTIFIERS, text) ? QUANTIFIERS[text] : undefined;
  if (quantify !== undefined) return parseQuantifier(parser, text, quantify);
  return parseCall(parser, text, at);
}

function parseQuantifier(
  parser: Parser,
  name: string,
  quantify: (items: readonly Value[], holds: (item: Value) => boolean) => boolean,
): Evaluate {
  expect(parser, "(");
  const list = parseConditional(parser);
  expect(parser, ",");
  parser.quantified++;
  const condition = parseConditional(parser);
  parser.quantified--;
  expect(parser, ")");
  return (scope) => {
    const items = list(scope);
    if (!Array.isArray(items)) throw new TypeError(`${name} needs a list`);
    return quantify(items, (item) => toBoolean(condition({ ...scope, item }), name));
  };
}

function parseCall(parser: Parser, text: string, at: number): Evaluate {
  const { functions } = parser;
  const called = Object.hasOwn(functions, text) ? functions[text] : undefined;
  if (called === undefined) {
    const known = [...Object.keys(functions), ...Object.keys(QUANTIFIERS)].join(", ");
    throw new ExpressionError(at, `there is no function ${text}; expected one of ${known}`);
  }
  expect(parser, "(");
  const args = parseList(parser, ")");
  if (args.length !== called.parameters) {
    throw new ExpressionError(at, `${text} takes ${called.parameters} arguments`);
  }
  return (scope) =>
    called.call(
      scope,
      args.map((arg) => arg(scope)),
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
