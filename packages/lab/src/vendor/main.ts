import { dataPath } from "@kubehop/kit/programs";
import { bundleVendor } from "./bundle.ts";
import { vendorModules } from "./specifiers.ts";

// Run by `npm run setup` with the folder to write, after the workspace's packages are installed.

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("name the folder to write");
const modules = vendorModules([dataPath("packages"), dataPath("services")]);
await bundleVendor(modules, directory);
// Some modules keep timers of their own.
process.exit(0);
