import type { Value } from "./functions.ts";

/** How tightly binary operators bind; those of words stand between others, as in expr-lang. */
export const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "||": 1,
    or: 1,
    "&&": 2,
    and: 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    "<=": 3,
    ">": 3,
    ">=": 3,
    in: 3,
    contains: 3,
    startsWith: 3,
    endsWith: 3,
    matches: 3,
    "..": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
  }),
);

/** Items of `a..b`, so that no expression fills the memory. */
const MAX_RANGE = 1_000;

type Operator = (left: Value, right: Value) => Value;

const OPERATORS: Readonly<Record<string, Operator>> = {
  "==": isEqual,
  "!=": (left, right) => !isEqual(left, right),
  in: (left, right) => isList(right) && right.some((item) => isEqual(left, item)),
  contains: (left, right) => text(left).includes(text(right)),
  startsWith: (left, right) => text(left).startsWith(text(right)),
  endsWith: (left, right) => text(left).endsWith(text(right)),
  "<": (left, right) => compare(left, right) < 0,
  "<=": (left, right) => compare(left, right) <= 0,
  ">": (left, right) => compare(left, right) > 0,
  ">=": (left, right) => compare(left, right) >= 0,
  "+": (left, right) =>
    typeof left === "string" ? left + text(right) : number(left) + number(right),
  "-": (left, right) => number(left) - number(right),
  "*": (left, right) => number(left) * number(right),
  "/": (left, right) => number(left) / number(right),
  "%": (left, right) => number(left) % number(right),
  "..": (left, right) => range(number(left), number(right)),
};

/** The value of a binary operator. Throws TypeError for operands it does not take. */
export function applyOperator(operator: string, left: Value, right: Value): Value {
  const apply = OPERATORS[operator];
  if (apply === undefined) throw new TypeError(`there is no operator ${operator}`);
  return apply(left, right);
}

/** Numbers by size, texts by their characters; negative when the left one comes first. */
function compare(left: Value, right: Value): number {
  if (typeof left !== "string") return number(left) - number(right);
  const other = text(right);
  return left < other ? -1 : Number(left > other);
}

function range(from: number, to: number): readonly number[] {
  if (to - from >= MAX_RANGE) throw new TypeError(`a range has at most ${MAX_RANGE} items`);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

function isEqual(left: Value, right: Value): boolean {
  if (!isList(left) || !isList(right)) return left === right;
  return left.length === right.length && left.every((item, i) => isEqual(item, right[i] ?? null));
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function number(value: Value): number {
  if (typeof value === "number") return value;
  throw new TypeError(`${JSON.stringify(value)} is not a number`);
}

function text(value: Value): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${JSON.stringify(value)} is not text`);
}
