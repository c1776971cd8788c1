import { Environment, type ASTNode } from "@marcbachmann/cel-js";
import { patternOf } from "./pattern.ts";

/** A compiled expression of the Common Expression Language. */
export interface CelProgram {
  /** It speaks of the value before the update. */
  readonly usesOldSelf: boolean;
  /** How deep its loops (all, exists, map, filter …) stand in one another. */
  readonly loops: number;
  /** The value; throws an Error with a sentence when an operation fails. */
  evaluate(context: Readonly<Record<string, unknown>>): unknown;
}

/** What an expression must be. */
export type CelType = "bool" | "string";

const LOOPS = new Set(["all", "exists", "exists_one", "map", "filter"]);

const environment = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
})
  .registerVariable("self", "dyn")
  .registerVariable("oldSelf", "dyn")
  .registerFunction("string.matchesRe2(string): bool", matches)
  .registerFunction("string.find(string): string", find)
  .registerFunction("string.replace(string, string): string", replaceAll)
  .registerFunction("list.isSorted(): bool", isSorted)
  .registerFunction("list.sum(): dyn", (items: unknown[]) => reduce(items, (a, b) => a + b, 0n))
  .registerFunction("list.min(): dyn", (items: unknown[]) =>
    reduce(items, (a, b) => (b < a ? b : a)),
  )
  .registerFunction("list.max(): dyn", (items: unknown[]) =>
    reduce(items, (a, b) => (b > a ? b : a)),
  );

/**
 * Compiles an expression over `self` and `oldSelf`. Throws an Error that says where it is wrong;
 * functions this server does not know are wrong, too.
 */
export function compileCel(source: string, type: CelType): CelProgram {
  const program = environment.parse(withLinearMatches(source));
  const checked = program.check();
  if (!checked.valid) throw new Error(firstLine(checked.error?.message ?? "it is not valid"));
  if (checked.type !== type && checked.type !== "dyn") {
    throw new Error(`must evaluate to ${type === "bool" ? "a bool" : "a string"}`);
  }
  return {
    usesOldSelf: usesName(program.ast, "oldSelf"),
    loops: loopDepth(program.ast),
    evaluate(context) {
      try {
        return program(context) as unknown;
      } catch (error) {
        throw new Error(firstLine((error as Error).message), { cause: error });
      }
    },
  };
}

const STRINGS_AND_MATCHES =
  /[rR](?:"[^"]*"|'[^']*')|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.matches(?=\s*\()/g;

/** Go's regular expressions instead of JavaScript's, whose time can explode. */
function withLinearMatches(source: string): string {
  return source.replaceAll(STRINGS_AND_MATCHES, (found) =>
    found === ".matches" ? ".matchesRe2" : found,
  );
}

function matches(text: string, source: string): boolean {
  const pattern = patternOf(source);
  if (pattern === undefined) throw new Error(`error parsing regexp: ${source}`);
  return pattern.test(text);
}

function find(text: string, source: string): string {
  const pattern = patternOf(source);
  if (pattern === undefined) throw new Error(`error parsing regexp: ${source}`);
  return pattern.find(text);
}

function replaceAll(text: string, from: string, to: string): string {
  return text.replaceAll(from, () => to);
}

type Ordered = bigint | number | string;

function isSorted(items: readonly unknown[]): boolean {
  return items.every(
    (item, index) => index === 0 || (items[index - 1] as Ordered) <= (item as Ordered),
  );
}

function reduce(
  items: readonly unknown[],
  join: (a: bigint, b: bigint) => bigint,
  empty?: bigint,
): unknown {
  // The items may be numbers as well: the operators are the same for both.
  const [first, ...rest] = items as bigint[];
  if (first !== undefined) return rest.reduce(join, first);
  if (empty === undefined) throw new Error("min or max called on an empty list");
  return empty;
}

function usesName(node: unknown, name: string): boolean {
  return someNode(node, (one) => one.op === "id" && (one.args as unknown) === name);
}

function someNode(node: unknown, fits: (node: ASTNode) => boolean): boolean {
  if (Array.isArray(node)) return node.some((one) => someNode(one, fits));
  if (!isNode(node)) return false;
  return fits(node) || someNode(node.args, fits);
}

function loopDepth(node: unknown): number {
  if (Array.isArray(node)) return Math.max(0, ...node.map(loopDepth));
  if (!isNode(node)) return 0;
  const [name] = node.op === "rcall" ? (node.args as unknown[]) : [];
  return loopDepth(node.args) + (LOOPS.has(name as string) ? 1 : 0);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
