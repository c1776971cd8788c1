import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";

const PACKAGE = join(import.meta.dirname, "../..");
const ROOT = join(PACKAGE, "../..");
const TSC = join(ROOT, "node_modules/.bin/tsc");

/** Entries of our packages by what follows @kubehop/, from packages/. */
const ENTRIES: Readonly<Record<string, string>> = {
  api: "api/src/index.ts",
  "client/api-server": "client/src/api-server.ts",
  "lab/manifests": "lab/src/manifests/index.ts",
  trace: "trace/src/index.ts",
  tunnel: "tunnel/src/index.ts",
};

/**
 * Writes the declarations of the module and of the sources it stands on, each where its source is
 * below packages/, as far as `entry` leads to them, and makes imports of our packages relative:
 * none of them is published.
 */
export async function writeDeclarations(directory: string, entry: string): Promise<void> {
  const flags = [
    "--project",
    join(PACKAGE, "tsconfig.publish.json"),
    "--outDir",
    directory,
    "--declarationDir",
    directory,
  ];
  await promisify(execFile)(TSC, flags, { cwd: ROOT }).catch((error: { stdout?: string }) => {
    throw new Error(`the declarations could not be made: ${error.stdout}`, { cause: error });
  });
  const texts = new Map<string, string>();
  for (const file of globSync("**/*.d.ts", { cwd: directory })) {
    texts.set(file, rewriteImports(file, await readFile(join(directory, file), "utf8")));
  }
  const reached = reachable(texts, entry);
  for (const [file, text] of texts) {
    if (reached.has(file)) await writeFile(join(directory, file), text);
    else await rm(join(directory, file));
  }
}

/** The files that declarations lead to from an entry. */
function reachable(texts: ReadonlyMap<string, string>, entry: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const text = texts.get(file);
    if (text === undefined) throw new Error(`there are no declarations of ${file}`);
    for (const [, path = ""] of text.matchAll(/(?:from |import\()["'](\.[^"']+)\.js["']/g)) {
      visit(join(dirname(file), `${path}.d.ts`));
    }
  };
  visit(entry);
  return found;
}

function rewriteImports(file: string, text: string): string {
  return text
    .replaceAll(/(["'])@kubehop\/([\w/-]+)\1/g, (_match, quote: string, name: string) => {
      const entry = ENTRIES[name];
      if (entry === undefined) throw new Error(`${file} imports @kubehop/${name}`);
      const target = relative(dirname(file), entry);
      return `${quote}${target.startsWith(".") ? target : `./${target}`}${quote}`;
    })
    .replaceAll(/(["']\.{1,2}\/[^"']*)\.ts(["'])/g, "$1.js$2");
}
