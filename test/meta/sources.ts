import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository's root. */
export const ROOT: string = join(import.meta.dirname, "../..");

/** One TypeScript file of the repository. */
export interface SourceFile {
  /** Path from the root, e.g. "packages/api/src/index.ts". */
  readonly path: string;
  /** What it imports, as written. */
  readonly imports: readonly string[];
  /** Runs only under vitest, or only helps such files. */
  readonly isTest: boolean;
}

/** Every .ts file of packages, services and test, with its imports. */
export function sourceFiles(): SourceFile[] {
  const paths = globSync("{packages,services}/*/src/**/*.ts", { cwd: ROOT });
  paths.push(...globSync("test/{*,*/**/*}.ts", { cwd: ROOT, exclude: ["**/node_modules/**"] }));
  return paths.sort().map((path) => ({
    path,
    imports: importsOf(readFileSync(join(ROOT, path), "utf8")),
    isTest: isTestFile(path),
  }));
}

function isTestFile(path: string): boolean {
  return path.startsWith("test/") || path.endsWith(".test.ts") || path.includes("/testing/");
}

const STATIC = /^\s*(?:import|export)\s+(?:[\w\s{},*$]*?\sfrom\s*)?["']([^"'\s]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']/g;

/** The module names after `import`, `export … from` and in `import("…")`. */
export function importsOf(text: string): string[] {
  const code = text.replace(/^\s*(?:\/\/.*|\/\*[\s\S]*?\*\/)/gm, "");
  return [...code.matchAll(STATIC), ...code.matchAll(DYNAMIC)].map(([, name]) => name ?? "");
}
