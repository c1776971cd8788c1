import { chmod, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Plugin, rolldown } from "rolldown";
import type { VendorModule } from "./specifiers.ts";

const ENTRY = "\0vendor:";

/**
 * Bundles third-party modules into few files in a folder, with a register.mjs that makes
 * `node --import register.mjs` load them from there. Node.js spends most of a small process's
 * start on finding and reading hundreds of files of packages; our own sources stay as they are.
 * The folder is replaced in one step.
 */
export async function bundleVendor(
  modules: readonly VendorModule[],
  directory: string,
): Promise<void> {
  const temporary = await mkdtemp(`${directory}-`);
  try {
    const files = new Map(modules.map(({ specifier }) => [specifier, fileName(specifier)]));
    await using build = await rolldown({
      input: Object.fromEntries([...files].map(([name, file]) => [file, `${ENTRY}${name}`])),
      platform: "node",
      logLevel: "silent",
      plugins: [entries(modules)],
    });
    await build.write({
      dir: temporary,
      entryFileNames: "[name].mjs",
      chunkFileNames: "chunk-[hash].mjs",
    });
    await writeFile(join(temporary, "register.mjs"), registerScript(files));
    await chmod(temporary, 0o755);
    await rm(directory, { recursive: true, force: true });
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function fileName(specifier: string): string {
  return specifier.replace(/[^\w.-]/g, "_");
}

/** One module a specifier that exports what Node.js itself says the specifier exports. */
function entries(modules: readonly VendorModule[]): Plugin {
  const importers = new Map(modules.map(({ specifier, importer }) => [specifier, importer]));
  return {
    name: "vendor-entries",
    resolveId(id, importer) {
      if (id.startsWith(ENTRY)) return id;
      if (importer?.startsWith(ENTRY) !== true) return null;
      return this.resolve(id, importers.get(importer.slice(ENTRY.length)), { skipSelf: true });
    },
    async load(id) {
      if (!id.startsWith(ENTRY)) return null;
      const specifier = id.slice(ENTRY.length);
      const resolved = await this.resolve(specifier, importers.get(specifier));
      return entrySource(specifier, await exportedNames(resolved?.id ?? specifier));
    },
  };
}

/** Of CommonJS modules only Node.js knows which names it makes of them. */
async function exportedNames(path: string): Promise<string[]> {
  const names = Object.keys((await import(path)) as object);
  return names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "module.exports");
}

function entrySource(specifier: string, names: readonly string[]): string {
  const lines = names.map((name, index) =>
    name === "default"
      ? "export default module.default;"
      : `const name${index} = module.${name};\nexport { name${index} as ${name} };`,
  );
  return [`import * as module from ${JSON.stringify(specifier)};`, ...lines].join("\n");
}

function registerScript(files: ReadonlyMap<string, string>): string {
  const table = [...files].map(([specifier, file]) => [specifier, `./${file}.mjs`]);
  return `import { enableCompileCache, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache(fileURLToPath(new URL("../compile-cache", import.meta.url)));
const modules = new Map(${JSON.stringify(table)});
registerHooks({
  resolve(specifier, context, next) {
    const file = modules.get(specifier);
    if (file === undefined) return next(specifier, context);
    return { url: new URL(file, import.meta.url).href, format: "module", shortCircuit: true };
  },
});
`;
}
