import { readFileSync } from "node:fs";

/** kubehop's version, from its package.json. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const file = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
