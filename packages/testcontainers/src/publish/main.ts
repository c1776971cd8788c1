import { join } from "node:path";
import { writePackage } from "./write-package.ts";

// Run by `npm run build` in packages/testcontainers; the argument is the folder to write.

const [directory = join(import.meta.dirname, "../../dist")] = process.argv.slice(2);
await writePackage(directory);
process.stdout.write(`${directory} can be packed and published with npm\n`);
