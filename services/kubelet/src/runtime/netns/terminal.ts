import { quote } from "./shell-quote.ts";

/**
 * The words that run a command in a terminal of its own, that of script(1), which gives back the
 * exit code of what runs in it.
 */
export function inTerminal(words: readonly string[]): string[] {
  const line = `exec ${words.map(quote).join(" ")}`;
  return ["script", "--quiet", "--flush", "--return", "--command", line, "/dev/null"];
}
