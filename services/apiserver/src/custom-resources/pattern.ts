import { RE2JS } from "re2js";

/** A regular expression in Go's syntax; its time is linear in the text, whatever the pattern. */
export interface Pattern {
  /** Whether the text contains a match. */
  test(text: string): boolean;
  /** The first match, empty when there is none. */
  find(text: string): string;
}

/** Patterns kept compiled; schemas hold a handful each. */
const LIMIT = 1_000;
const compiled = new Map<string, Pattern>();

/** Compiles a pattern; undefined when it is none. */
export function patternOf(source: string): Pattern | undefined {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  if (problemOf(source) !== undefined) return undefined;
  const expression = RE2JS.compile(source);
  const pattern: Pattern = {
    test: (text) => expression.matcher(text).find(),
    find(text) {
      const matcher = expression.matcher(text);
      return matcher.find() ? (matcher.group() ?? "") : "";
    },
  };
  if (compiled.size >= LIMIT) compiled.clear();
  compiled.set(source, pattern);
  return pattern;
}

/** Why a text is no pattern; undefined when it is one. */
export function problemOf(source: string): string | undefined {
  try {
    RE2JS.compile(source);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
