import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { whyNoEngine } from "../support/engine.ts";
import { ROOT } from "../support/paths.ts";

/** Builds the image from the sources as they are, so that no test runs yesterday's. */
export async function setup(): Promise<void> {
  if (whyNoEngine() !== undefined) return;
  const main = join(ROOT, "tools", "image", "main.mjs");
  const child = spawn(process.execPath, [main], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`the image could not be built:\n${said}`);
}
