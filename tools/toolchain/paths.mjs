import { fileURLToPath } from "node:url";
import { delimiter, dirname, join } from "node:path";

/** The checkout's top folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything that set-up fetches is in this folder; deleting it undoes set-up. */
export const TOOLCHAIN = join(ROOT, ".toolchain");

/** Where npm packages of the toolchain are. */
export const PACKAGES = join(TOOLCHAIN, "node_modules");

/** The nats-server of the distribution's package, when set-up had to fetch one. */
export const NATS_SERVER = join(TOOLCHAIN, "nats", "usr", "sbin", "nats-server");

/** Compiled code of our own modules; makes every start after the first one faster. */
export const COMPILE_CACHE = join(TOOLCHAIN, "compile-cache");

/** The environment of a child with `node`'s folder first in PATH. */
export function envWithNode(node, env = process.env) {
  return { ...env, PATH: `${dirname(node)}${delimiter}${env.PATH ?? "/usr/bin:/bin"}` };
}
