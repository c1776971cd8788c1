import { parseDuration } from "@kubehop/kit";
import { type Directive, invalidArgument } from "./directive.ts";

/**
 * A duration argument in milliseconds, as Go writes it ("5s", "1m30s"); a plain number counts as
 * seconds where `plainSeconds` says so. Negative or anything else: CorefileError.
 */
export function parseDurationArgument(
  directive: Directive,
  text: string,
  { plainSeconds = false }: { plainSeconds?: boolean } = {},
): number {
  const expected = 'a duration like "5s" or "1m30s"';
  if (plainSeconds && /^\d+$/.test(text)) return Number(text) * 1000;
  try {
    const duration = parseDuration(text);
    if (duration >= 0) return duration;
  } catch {
    throw invalidArgument(directive, text, expected);
  }
  throw invalidArgument(directive, text, expected);
}
