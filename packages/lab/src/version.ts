import { readFileSync } from "node:fs";
import { dataPath } from "@kubehop/kit/programs";

/** kubehop's version, from its package.json. */
export const VERSION: string = readVersion();

function readVersion(): string {
  return (JSON.parse(readFileSync(dataPath("package.json"), "utf8")) as { version: string })
    .version;
}
