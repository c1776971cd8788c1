import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { ConfigError } from "@kubehop/kit";
import type { Directive } from "./directive.ts";
import { localFiles } from "./imports.ts";
import type { Environment } from "./lexer.ts";
import { type Corefile, parseCorefile } from "./parser.ts";

/** A Corefile with the hash of what it means. */
export interface LoadedCorefile {
  readonly corefile: Corefile;
  /** SHA-512 over the parsed blocks: comments, layout and the place of an import do not count. */
  readonly hash: string;
}

/** What CoreDNS serves without a Corefile. */
const BUILTIN = ". {\n    whoami\n    log\n}\n";

/**
 * Reads and parses a Corefile. An absent file gives the builtin one where `optional` says so.
 * Throws CorefileError, or ConfigError when it cannot be read.
 */
export function loadCorefile(
  file: string,
  { env, optional }: { env: Environment; optional: boolean },
): LoadedCorefile {
  const absent = optional && !existsSync(file);
  const text = absent ? BUILTIN : read(file);
  const corefile = parseCorefile({ file: absent ? "builtin" : file, text, env, files: localFiles });
  return { corefile, hash: hashCorefile(corefile) };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = (error as Error).message;
    throw new ConfigError(`the Corefile cannot be read: ${why}; --conf names another one`);
  }
}

/** The hash of a Corefile's meaning. */
export function hashCorefile({ blocks }: Corefile): string {
  const meaning = blocks.map(({ keys, directives }) => [
    keys.map(({ text }) => text),
    directives.map(toPlain),
  ]);
  return createHash("sha512").update(JSON.stringify(meaning)).digest("hex");
}

function toPlain({ name, args, block }: Directive): unknown {
  return [name, args.map(({ text }) => text), block?.map(toPlain) ?? null];
}
