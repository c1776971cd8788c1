import { cpSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { ROOT } from "../toolchain/paths.mjs";

/** Modules with a part that is no JavaScript: they stay what they are. */
export const NATIVE_MODULES = ["koffi"];

/** Whoever imports koffi. */
const SYSCALLS = join(ROOT, "packages", "syscalls", "package.json");

/** What of koffi runs; the rest is its source and its manual. */
const KOFFI = [
  "package.json",
  "LICENSE.txt",
  "index.js",
  "src/koffi/index.js",
  "src/koffi/src/static.js",
];

/**
 * Copies koffi, with its part for this machine's processor, to FOLDER/node_modules. Without that
 * part koffi says so when it is loaded, and whoever loads it does without.
 */
export function copyNativeModules(folder) {
  const koffi = dirname(createRequire(SYSCALLS).resolve("koffi"));
  const modules = join(folder, "node_modules");
  for (const path of KOFFI) {
    cpSync(join(koffi, path), join(modules, "koffi", path), { recursive: true });
  }
  const built = join("@koromix", `koffi-linux-${process.arch}`);
  const source = join(koffi, "..", built);
  if (existsSync(source))
    cpSync(source, join(modules, built), { recursive: true, dereference: true });
}
