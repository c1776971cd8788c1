import { splitHostPort } from "@kubehop/kit";
import { type Directive, invalidArgument } from "./directive.ts";

/** An `[IP]:PORT` argument, or the default when there is none. Throws CorefileError. */
export function parseListen(
  directive: Directive,
  text: string | undefined,
  fallback: string,
): string {
  if (text === undefined) return fallback;
  try {
    if (splitHostPort(text).port <= 65_535) return text;
  } catch {
    throw invalidArgument(directive, text, 'an address like ":8080" or "127.0.0.1:8080"');
  }
  throw invalidArgument(directive, text, "an address with a port up to 65535");
}
