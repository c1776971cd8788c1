import { join } from "node:path";
import { rolldown } from "rolldown";
import { PROGRAM_SOURCES } from "../../packages/kit/src/programs.ts";
import { ROOT } from "../toolchain/paths.mjs";
import { copyNativeModules, NATIVE_MODULES } from "./native.mjs";

// As a program: node tools/image/bundle.mjs FOLDER
if (import.meta.main) await bundlePrograms(process.argv[2]);

/**
 * Writes every program of ours as NAME.mjs into a folder, with what it imports; what several import
 * is shared, and what cannot be bundled comes beside them. Throws when an import cannot be resolved.
 */
export async function bundlePrograms(directory) {
  const sources = Object.entries(PROGRAM_SOURCES);
  const build = await rolldown({
    input: Object.fromEntries(sources.map(([program, source]) => [program, join(ROOT, source)])),
    platform: "node",
    external: NATIVE_MODULES,
    onLog: failOnUnresolved,
  });
  try {
    await build.write({
      dir: directory,
      entryFileNames: "[name].mjs",
      chunkFileNames: "shared-[hash].mjs",
      // Names stay, for stack traces.
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    });
  } finally {
    await build.close();
  }
  copyNativeModules(directory);
}

function failOnUnresolved(level, log) {
  if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
}
