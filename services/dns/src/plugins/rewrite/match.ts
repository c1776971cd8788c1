import { toAbsolute } from "@kubehop/dns-wire";
import { type Directive, invalidArgument } from "../../corefile/directive.ts";
import { parsePattern } from "../../corefile/pattern.ts";

/** How names are matched. */
export const MATCH_KINDS = ["exact", "prefix", "suffix", "substring", "regex"] as const;
/** One of them. */
export type MatchKind = (typeof MATCH_KINDS)[number];

/** Gives the name that another (lower case) becomes; undefined when it does not match. */
export type Substitute = (name: string) => string | undefined;

/** A substitution in both directions. */
export interface Substitution {
  readonly forth: Substitute;
  /** Undefined for a regular expression, which cannot be turned round. */
  readonly back: Substitute | undefined;
}

/** What is replaced by what. */
export interface FromTo {
  readonly kind: MatchKind;
  readonly from: string;
  readonly to: string;
}

/** Reads the substitution of a rule. Throws CorefileError for a pattern that is none. */
export function createSubstitution(directive: Directive, { kind, from, to }: FromTo): Substitution {
  if (kind === "regex") return { forth: createRegexp(directive, from, to), back: undefined };
  const ends = kind === "exact" || kind === "suffix";
  const [before, after] = [ends ? toAbsolute(from) : from, ends ? toAbsolute(to) : to];
  const one = before.toLowerCase();
  const other = after.toLowerCase();
  return { forth: REPLACE[kind](one, other), back: REPLACE[kind](other, one) };
}

type Replace = (from: string, to: string) => Substitute;

const REPLACE: Readonly<Record<Exclude<MatchKind, "regex">, Replace>> = {
  exact: (from, to) => (name) => (name === from ? to : undefined),
  prefix: (from, to) => (name) =>
    name.startsWith(from) ? to + name.slice(from.length) : undefined,
  suffix: (from, to) => (name) =>
    name.endsWith(from) ? name.slice(0, name.length - from.length) + to : undefined,
  substring: (from, to) => (name) => (name.includes(from) ? name.replaceAll(from, to) : undefined),
};

/** `{1}` in the replacement is what the first group matched. */
export function createRegexp(directive: Directive, from: string, to: string): Substitute {
  const pattern = parsePattern(directive, from);
  const groups = new RegExp(`${pattern.source}|`).exec("")?.length ?? 1;
  for (const [whole, digits] of to.matchAll(/\{(\d+)\}/g)) {
    if (Number(digits) < groups) continue;
    throw invalidArgument(directive, to, `a replacement: the expression has no group ${whole}`);
  }
  return (name) => {
    const match = pattern.exec(name);
    if (match === null) return undefined;
    const replaced = to.replaceAll(
      /\{(\d+)\}/g,
      (_whole, digits: string) => match[Number(digits)] ?? "",
    );
    return toAbsolute(replaced);
  };
}
