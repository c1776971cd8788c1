import { CorefileError, type Position } from "./corefile-error.ts";
import type { Token } from "./lexer.ts";

/** A line of a server block, `forward . 10.0.0.1 { … }`, or of a directive's own block. */
export interface Directive {
  readonly name: string;
  readonly position: Position;
  readonly args: readonly Token[];
  /** The directives between its braces; undefined without braces. */
  readonly block: readonly Directive[] | undefined;
}

/** How many arguments a directive takes and how it is written, for messages. */
export interface ArgumentRange {
  readonly min: number;
  readonly max: number;
  /** Shown when the number is wrong: `ttl SECONDS`. */
  readonly syntax: string;
}

/** The arguments' texts. Throws CorefileError when there are too few or too many. */
export function takeArguments(directive: Directive, range: ArgumentRange): string[] {
  const { args, position } = directive;
  const wrong = args.length < range.min ? position : args[range.max];
  if (wrong !== undefined) {
    const found = args.length === 0 ? "no argument" : `${args.length} argument(s)`;
    throw new CorefileError(wrong, `${directive.name} has ${found}; expected: ${range.syntax}`);
  }
  return args.map(({ text }) => text);
}

/** Throws CorefileError when the directive has a block: it takes none. */
export function refuseBlock(directive: Directive): void {
  const [first] = directive.block ?? [];
  if (directive.block === undefined) return;
  throw new CorefileError(first?.position ?? directive.position, `${directive.name} has no block`);
}

/** What each property of a directive's block does. */
export type Properties = Readonly<Record<string, (property: Directive) => void>>;

/**
 * Hands each property of the directive's block to its reader. A property without one is a
 * CorefileError that lists those there are.
 */
export function readProperties(directive: Directive, properties: Properties): void {
  for (const property of directive.block ?? []) {
    const read = Object.hasOwn(properties, property.name) ? properties[property.name] : undefined;
    if (read === undefined) {
      const known = Object.keys(properties).join(", ");
      const text = `unknown property "${property.name}" of ${directive.name}; expected ${known}`;
      throw new CorefileError(property.position, text);
    }
    read(property);
  }
}

/** The only directive of its name. A second one in the same server block is a CorefileError. */
export function onlyDirective(directives: readonly Directive[]): Directive {
  const [first, second] = directives as [Directive, Directive | undefined];
  if (second === undefined) return first;
  const text = `${first.name} can only be used once per server block; see line ${first.position.line}`;
  throw new CorefileError(second.position, text);
}

/** A whole number argument within `min`..`max`, else CorefileError. */
export function parseNumber(
  directive: Directive,
  text: string,
  { min, max }: { min: number; max: number },
): number {
  const number = Number(text);
  if (/^-?\d+$/.test(text) && number >= min && number <= max) return number;
  throw invalidArgument(directive, text, `a whole number from ${min} to ${max}`);
}

/** The error for an argument that is not what was expected, at that argument's place. */
export function invalidArgument(
  directive: Directive,
  text: string,
  expected: string,
): CorefileError {
  const position = directive.args.find((token) => token.text === text) ?? directive.position;
  return new CorefileError(position, `${directive.name}: "${text}" is not ${expected}`);
}
