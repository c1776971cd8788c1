import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SetupError } from "./child.mjs";
import { TOOLCHAIN } from "./paths.mjs";

const DEADLINE_S = 600;

/**
 * Takes the set-up lock, waiting for another set-up up to ten minutes. The kernel holds it for a
 * child that reads our pipe, so it is free again however this process ends. Gives a function that
 * releases it.
 */
export async function lockSetup(say) {
  const file = join(TOOLCHAIN, "setup.lock");
  const hold = ["-w", String(DEADLINE_S), file, "sh", "-c", "echo locked; read -r _"];
  const child = spawn("flock", hold, { stdio: ["pipe", "pipe", "ignore"] });
  const notice = setTimeout(() => say("waiting for another set-up of this checkout"), 1000);
  const outcome = await Promise.race([
    once(child.stdout, "data").then(() => "locked"),
    once(child, "exit").then(() => "refused"),
    once(child, "error").then(() => "refused"),
  ]).catch((error) => error);
  clearTimeout(notice);
  if (outcome === "locked") return () => child.stdin.end();
  if (outcome?.code === "ENOENT") {
    throw new SetupError(
      "There is no program flock (package util-linux). Install it and run this again.",
    );
  }
  throw new SetupError(
    `Another set-up has held ${file} for ${DEADLINE_S / 60} minutes. End it and run this again.`,
  );
}
