import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../toolchain/paths.mjs";
import { bundlePrograms } from "./bundle.mjs";

/** What programs read at run time; it has the same path below /app as in the checkout. */
const DATA = ["package.json", "examples", "packages/lab/addons", "docker/lab"];
const DATA_PATTERN = /\/services\/kubelet\/src\/runtime\/[\w/-]+\.sh$/;

/** Scripts that come into the image's PATH. */
const SCRIPTS = ["kubehop", "node-network"];

/**
 * Writes the build context of the image: the programs, the data files, the scripts. Throws when an
 * import cannot be resolved.
 */
export async function writeContext(directory) {
  rmSync(directory, { recursive: true, force: true });
  const app = join(directory, "app");
  await bundlePrograms(app);
  for (const path of DATA) {
    // What a folder of examples has of its own, nobody reads at run time.
    const filter = (file) => !/\/examples\/[^/.]+$/.test(file);
    cpSync(join(ROOT, path), join(app, path), { recursive: true, filter });
  }
  copyScriptsOfRuntimes(app);
  mkdirSync(join(directory, "bin"));
  for (const name of SCRIPTS) cpSync(join(ROOT, "docker", name), join(directory, "bin", name));
}

function copyScriptsOfRuntimes(app) {
  const from = "services/kubelet/src/runtime";
  cpSync(join(ROOT, from), join(app, from), {
    recursive: true,
    filter: (path) => !/\.\w+$/.test(path) || DATA_PATTERN.test(path),
  });
}
