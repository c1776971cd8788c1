import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { SecureContextOptions } from "node:tls";
import { type Directive, invalidArgument, takeArguments } from "../../corefile/directive.ts";

/**
 * `tls [CA]`, `tls CERT KEY` or `tls CERT KEY CA`: PEM files for connections to upstreams; without
 * a CA those that Node trusts. Throws CorefileError.
 */
export function readTlsFiles(property: Directive, folder: string): SecureContextOptions {
  takeArguments(property, { min: 0, max: 3, syntax: "tls [CERT KEY] [CA]" });
  const files = property.args.map(({ text }) => {
    try {
      return readFileSync(isAbsolute(text) ? text : join(folder, text), "utf8");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw invalidArgument(property, text, `a PEM file that can be read (${reason})`);
    }
  });
  const [first = "", second = "", third] = files;
  if (files.length === 0) return {};
  if (files.length === 1) return { ca: first };
  return { cert: first, key: second, ...(third === undefined ? {} : { ca: third }) };
}
