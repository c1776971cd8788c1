import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { CorefileError } from "./corefile-error.ts";
import { type Environment, lexCorefile, type Token } from "./lexer.ts";
import type { TokenStream } from "./token-stream.ts";

/** The files an `import` can reach. */
export interface CorefileFiles {
  /** A file's text; throws when it cannot be read. */
  read(path: string): string;
  /** The names in a folder; empty when there is no such folder. */
  list(folder: string): readonly string[];
}

/** Files of this machine. */
export const localFiles: CorefileFiles = {
  read: (path) => readFileSync(path, "utf8"),
  list(folder) {
    try {
      return readdirSync(folder).toSorted();
    } catch {
      return [];
    }
  },
};

/** Imports in one Corefile before it counts as recursive. */
const MAX_IMPORTS = 1000;

/** The snippets and imports of one Corefile. */
export interface Imports {
  readonly warnings: readonly string[];
  /** Keeps a snippet's tokens. Throws CorefileError when the name is taken. */
  define(key: Token, name: string, body: readonly Token[]): void;
  /** Reads the argument of `import` and puts what it names before the stream's next token. */
  expand(directive: Token, stream: TokenStream): void;
}

/** Creates an empty set of snippets over the given files. */
export function createImports(source: { env: Environment; files: CorefileFiles }): Imports {
  const snippets = new Map<string, { key: Token; body: readonly Token[] }>();
  const warnings: string[] = [];
  let imports = 0;
  return {
    warnings,
    define(key, name, body) {
      const earlier = snippets.get(name)?.key;
      if (earlier !== undefined) {
        const place = `${earlier.file}:${earlier.line}`;
        throw new CorefileError(key, `the snippet "${name}" is already defined at ${place}`);
      }
      snippets.set(name, { key, body });
    },
    expand(directive, stream) {
      const argument = readArgument(directive, stream);
      if (++imports > MAX_IMPORTS) {
        throw new CorefileError(directive, `more than ${MAX_IMPORTS} imports; is one recursive?`);
      }
      const snippet = snippets.get(argument.text);
      if (snippet !== undefined) return stream.insert(snippet.body);
      const files = findFiles(argument, source.files);
      if (files.length === 0) {
        warnings.push(`${place(argument)}: no file matches the import "${argument.text}"`);
      }
      stream.insert(files.flatMap((file) => readTokens(argument, file, source)));
    },
  };
}

function readArgument(directive: Token, stream: TokenStream): Token {
  const argument = stream.peek();
  if (argument === undefined || argument.startsLine) {
    throw new CorefileError(directive, "expected one argument: import SNIPPET or import FILE");
  }
  stream.next();
  const extra = stream.peek();
  if (extra !== undefined && !extra.startsLine && extra.text !== "}") {
    throw new CorefileError(extra, `unexpected "${extra.text}"; import takes one argument`);
  }
  return argument;
}

/** A plain path names one file; one `*` or `?` in one part of a path makes it a pattern. */
function findFiles(argument: Token, files: CorefileFiles): string[] {
  const { text } = argument;
  const path = isAbsolute(text) ? text : join(dirname(argument.file), text);
  const wildcards = text.match(/[*?]/g)?.length ?? 0;
  if (wildcards === 0) return [path];
  if (wildcards > 1) {
    throw new CorefileError(argument, `"${text}": expected only one * or ? in a pattern`);
  }
  const parts = path.split("/");
  const at = parts.findIndex((part) => /[*?]/.test(part));
  const folder = parts.slice(0, at).join("/") || "/";
  const rest = parts.slice(at + 1);
  const found = files.list(folder).filter((name) => matchesPattern(name, parts[at] ?? ""));
  return found
    .map((name) => join(folder, name, ...rest))
    .filter((file) => rest.length === 0 || files.list(dirname(file)).includes(basename(file)));
}

/** As a shell does: `*` stands for any characters, `?` for one, and neither for a leading dot. */
function matchesPattern(name: string, pattern: string): boolean {
  const [prefix = "", suffix = ""] = pattern.split(/[*?]/);
  if (name.startsWith(".") && prefix === "") return false;
  const free = name.length - prefix.length - suffix.length;
  const fits = pattern.includes("?") ? free === 1 : free >= 0;
  return fits && name.startsWith(prefix) && name.endsWith(suffix);
}

function readTokens(
  argument: Token,
  file: string,
  source: { env: Environment; files: CorefileFiles },
): Token[] {
  let text: string;
  try {
    text = source.files.read(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `"${argument.text}" is neither a snippet defined above nor a file: ${reason}`;
    throw new CorefileError(argument, message);
  }
  return lexCorefile(text, file, source.env);
}

function place({ file, line, column }: Token): string {
  return `${file}:${line}:${column}`;
}
