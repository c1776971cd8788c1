import type { Directive } from "../corefile/directive.ts";
import type { CorefileFiles } from "../corefile/imports.ts";
import { type Corefile, parseCorefile } from "../corefile/parser.ts";

/** Parses a Corefile's text; `files` are the ones imports can reach, by absolute path. */
export function parseText(
  text: string,
  options: { files?: Record<string, string>; env?: Record<string, string> } = {},
): Corefile {
  const { files = {}, env = {} } = options;
  return parseCorefile({ file: "/etc/Corefile", text, env, files: memoryFiles(files) });
}

function memoryFiles(files: Record<string, string>): CorefileFiles {
  return {
    read(path) {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      return text;
    },
    list(folder) {
      const inside = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
      const names = inside.map((path) => path.slice(folder.length + 1).split("/")[0] ?? "");
      return [...new Set(names)].toSorted();
    },
  };
}

/** A Corefile as nested lists of words, without places. */
export function outline(corefile: Corefile): unknown {
  return corefile.blocks.map(({ keys, directives }) => ({
    keys: keys.map(({ text }) => text),
    directives: directives.map(outlineDirective),
  }));
}

function outlineDirective({ name, args, block }: Directive): unknown {
  const words = [name, ...args.map(({ text }) => text)];
  return block === undefined ? words.join(" ") : [words.join(" "), block.map(outlineDirective)];
}
