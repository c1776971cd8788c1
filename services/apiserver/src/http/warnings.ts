import type { FastifyReply } from "fastify";

/** Most characters of all warnings of an answer (upstream's limit): clients bound their headers. */
const LIMIT = 4_096;

/** Adds `Warning` headers (RFC 7234 §5.5, code 299), which kubectl prints; each text once. */
export function addWarnings(reply: FastifyReply, texts: readonly string[]): void {
  if (texts.length === 0) return;
  const known = [reply.getHeader("warning") ?? []].flat().map(String);
  const warnings = new Set(known);
  let room = LIMIT - known.join("").length;
  for (const text of texts) {
    const warning = headerOf(text);
    if (warnings.has(warning)) continue;
    room -= warning.length;
    if (room < 0) break;
    warnings.add(warning);
  }
  void reply.header("warning", [...warnings]);
}

/** Node takes one character a byte; clients read the bytes as UTF-8. */
function headerOf(text: string): string {
  const quoted = JSON.stringify(text).replaceAll("\u007f", "");
  return Buffer.from(`299 - ${quoted}`).toString("latin1");
}
