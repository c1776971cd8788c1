import { type Directive, invalidArgument } from "./directive.ts";

/**
 * A regular expression argument, written as Go's: `(?P<name>…)` names a group and `(?i)` at its
 * start ignores case. Throws CorefileError for one that JavaScript does not understand.
 */
export function parsePattern(directive: Directive, text: string): RegExp {
  const flags = /^\(\?([imsU]+)\)/.exec(text);
  const source = text.slice(flags?.[0].length ?? 0).replaceAll("(?P<", "(?<");
  try {
    return new RegExp(source, flags?.[1]?.replaceAll(/[^ims]/g, "") ?? "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(directive, text, `a regular expression (${reason})`);
  }
}
