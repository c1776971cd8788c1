import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** A third-party module that our sources import, and a file that does. */
export interface VendorModule {
  /** As the sources write it: "typebox", "typebox/value". */
  readonly specifier: string;
  /** Where it is resolved from. */
  readonly importer: string;
}

/** An import or export of other files, at the start of a line; types leave nothing at run time. */
const IMPORT = /^(?:import|export)(?! type\b)[^;"']*["']([^"']+)["'];?$/gm;

/** The specifiers of the modules that a source file loads, in order, repeated ones too. */
export function importedSpecifiers(source: string): string[] {
  return [...source.matchAll(IMPORT)].map((match) => match[1] ?? "");
}

/**
 * The third-party modules of all packages below the given folders that belong to their
 * `dependencies`. A module that two packages resolve to different versions is left out.
 */
export function vendorModules(groups: readonly string[]): VendorModule[] {
  const found = new Map<string, VendorModule & { readonly paths: Set<string> }>();
  for (const group of groups) {
    for (const name of readdirSync(group)) {
      for (const module of modulesOfPackage(join(group, name))) {
        const known = found.get(module.specifier) ?? { ...module, paths: new Set<string>() };
        known.paths.add(createRequire(module.importer).resolve(module.specifier));
        found.set(module.specifier, known);
      }
    }
  }
  return [...found.values()]
    .filter(({ paths }) => paths.size === 1)
    .map(({ specifier, importer }) => ({ specifier, importer }));
}

function modulesOfPackage(directory: string): VendorModule[] {
  const manifest = readManifest(directory);
  const names = Object.entries(manifest.dependencies ?? {})
    .filter(([, version]) => !version.startsWith("workspace:"))
    .map(([name]) => name);
  const isVendor = (specifier: string): boolean =>
    names.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  return sourceFiles(join(directory, "src")).flatMap((importer) =>
    importedSpecifiers(readFileSync(importer, "utf8"))
      .filter(isVendor)
      .map((specifier) => ({ specifier, importer })),
  );
}

function readManifest(directory: string): { dependencies?: Record<string, string> } {
  const text = readFileSync(join(directory, "package.json"), "utf8");
  return JSON.parse(text) as { dependencies?: Record<string, string> };
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(directory, name));
}
