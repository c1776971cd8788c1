#!/usr/bin/env node
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { SetupError } from "./toolchain/child.mjs";
import { lockSetup } from "./toolchain/lock.mjs";
import { ensureNatsServer, findNatsServer } from "./toolchain/nats-server.mjs";
import { ensurePackages, installWorkspace, nodePath } from "./toolchain/npm-packages.mjs";
import { ROOT, TOOLCHAIN } from "./toolchain/paths.mjs";
import { PINS } from "./toolchain/pins.mjs";
import { bundleVendor } from "./toolchain/vendor.mjs";

const STAMP = join(TOOLCHAIN, "stamp");
const MODULES = join(ROOT, "node_modules");

/**
 * Makes the checkout ready to run: Node.js, the workspace's packages, nats-server, all inside the
 * checkout. Does nothing when that is done already. Gives the path of the Node.js to use.
 * Throws SetupError.
 */
export async function setup() {
  const node = nodePath();
  if (isDone(node)) return node;
  if (process.platform !== "linux") {
    throw new SetupError(
      "The embedded lab needs Linux. On this machine use Docker: docker compose up (see README.md).",
    );
  }
  makeToolchain();
  const unlock = await lockSetup(say);
  try {
    if (isDone(node)) return node;
    removeLeftovers();
    await all([ensureNatsServer(say), ensurePackages(say).then(() => installWorkspace(say))]);
    await bundleVendor(say);
    linkCommand();
    writeStamp();
    say("done");
  } finally {
    unlock();
  }
  return node;
}

/** Runs `body`; a SetupError becomes one message and exit code 1. */
export async function reportFailure(body) {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`kubehop: ${error.message}\n`);
    return process.exit(1);
  }
}

/** Waits for every step, so that none goes on behind our back, then throws the first failure. */
async function all(steps) {
  const failed = (await Promise.allSettled(steps)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function say(text) {
  process.stderr.write(`kubehop set-up: ${text}\n`);
}

function isDone(node) {
  return (
    readStamp() === stampText() &&
    existsSync(node) &&
    existsSync(join(MODULES, ".modules.yaml")) &&
    findNatsServer() !== undefined
  );
}

/** What the last complete set-up was for: the versions and the content of the lock file. */
function stampText() {
  const hash = createHash("sha256").update(readFileSync(join(ROOT, "pnpm-lock.yaml")));
  return `${hash.update(JSON.stringify(PINS)).digest("hex")} ${nodePath()}\n`;
}

function readStamp() {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}

function writeStamp() {
  writeFileSync(`${STAMP}.new`, stampText());
  renameSync(`${STAMP}.new`, STAMP);
}

function makeToolchain() {
  try {
    mkdirSync(TOOLCHAIN, { recursive: true });
    rmSync(STAMP, { force: true });
  } catch (error) {
    throw new SetupError(
      `${TOOLCHAIN} cannot be written (${error.code}). Make the checkout writable for you, or clone it again as this user.`,
    );
  }
}

/** Folders of a set-up that was interrupted. */
function removeLeftovers() {
  for (const name of readdirSync(TOOLCHAIN)) {
    if (name.startsWith("tmp-")) rmSync(join(TOOLCHAIN, name), { recursive: true, force: true });
  }
}

/** `npx kubehop` finds its command here without asking a registry. */
function linkCommand() {
  const link = join(MODULES, ".bin", "kubehop");
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "tools", "kubehop.mjs"), link);
}

if (import.meta.filename === process.argv[1] || process.argv[1]?.endsWith("tools/setup.mjs")) {
  await reportFailure(setup);
}
