import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { nodePath } from "./npm-packages.mjs";
import { envWithNode, ROOT, TOOLCHAIN } from "./paths.mjs";

/** Bundles of third-party code; see packages/lab/src/vendor. */
const VENDOR = join(TOOLCHAIN, "vendor");

/** Node.js flags that load third-party code from the bundles. */
export const VENDOR_FLAGS = ["--import", join(VENDOR, "register.mjs")];

/**
 * Bundles third-party code and has every program compiled once: later starts take a third of the
 * time. Nothing depends on it, so a failure is told and passed over.
 */
export async function bundleVendor(say) {
  say("bundling third-party code for faster starts");
  const node = nodePath();
  const options = {
    cwd: ROOT,
    env: envWithNode(node),
    failure: "Third-party code could not be bundled.",
  };
  try {
    await run(node, [join(ROOT, "packages/lab/src/vendor/main.ts"), VENDOR], options);
  } catch (error) {
    say(`${error.message}\nStarts are slower without it; everything else works.`);
    return;
  }
  for (const service of readdirSync(join(ROOT, "services")))
    await compile(`services/${service}`, options);
  await compile("packages/cli", options);
}

/** A run that ends at once fills Node.js' compile cache; how it ends does not matter. */
async function compile(folder, options) {
  const main = join(ROOT, folder, "src", "main.ts");
  await run(nodePath(), [...VENDOR_FLAGS, main, "--help"], options).catch(() => {});
}
