import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { run, SetupError } from "./child.mjs";
import { NODE_MAJOR, PINS } from "./pins.mjs";
import { envWithNode, PACKAGES, ROOT, TOOLCHAIN } from "./paths.mjs";

/** The npm package that carries Node.js for this machine. */
const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;

/** The Node.js that runs kubehop: the running one when it is new enough, else the toolchain's. */
export function nodePath() {
  const running = Number(process.versions.node.split(".")[0]);
  return running >= NODE_MAJOR ? process.execPath : join(PACKAGES, NODE_PACKAGE, "bin", "node");
}

/** Installs Node.js (when the running one is too old) and pnpm under .toolchain. */
export async function ensurePackages(say) {
  const wanted = nodePath() === process.execPath ? ["pnpm"] : [NODE_PACKAGE, "pnpm"];
  const missing = wanted.filter((name) => installedVersion(name) !== PINS[name]?.version);
  if (missing.length === 0) return;
  if (wanted.some((name) => PINS[name] === undefined)) {
    throw new SetupError(
      `There is no ${NODE_PACKAGE} package that kubehop knows. Install Node.js ${NODE_MAJOR} or newer yourself and run this again.`,
    );
  }
  const specs = wanted.map((name) => `${name}@${PINS[name].version}`);
  say(`npm packages ${specs.join(", ")} from your npm registry`);
  await installPackages(specs);
}

/** Installs the workspace's dependencies exactly as pnpm-lock.yaml says. */
export async function installWorkspace(say) {
  say("npm packages of pnpm-lock.yaml from your npm registry");
  const node = nodePath();
  await run(
    node,
    [
      join(PACKAGES, "pnpm", "bin", "pnpm.mjs"),
      "install",
      "--frozen-lockfile",
      `--store-dir=${join(TOOLCHAIN, "pnpm-store")}`,
      `--cache-dir=${join(TOOLCHAIN, "pnpm-cache")}`,
      `--state-dir=${join(TOOLCHAIN, "pnpm-state")}`,
    ],
    {
      cwd: ROOT,
      env: { ...envWithNode(node), CI: "true" },
      failure:
        "The workspace's packages could not be installed. Check the network and `npm config get registry`, then run this again.",
    },
  );
}

async function installPackages(specs) {
  const temporary = await mkdtemp(join(TOOLCHAIN, "tmp-packages-"));
  try {
    writeFileSync(join(temporary, "package.json"), '{ "private": true }\n');
    await run(
      "npm",
      [
        "install",
        "--prefix",
        temporary,
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        ...specs,
      ],
      {
        cwd: temporary,
        env: { ...process.env, ...cacheEnv() },
        failure:
          "npm could not fetch the toolchain. Check the network and `npm config get registry`, then run this again.",
      },
    );
    checkIntegrity(temporary);
    await rm(PACKAGES, { recursive: true, force: true });
    renameSync(join(temporary, "node_modules"), PACKAGES);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** npm has checked each package against the registry; this checks the registry against our pins. */
function checkIntegrity(directory) {
  const lock = JSON.parse(
    readFileSync(join(directory, "node_modules", ".package-lock.json"), "utf8"),
  );
  for (const [path, { integrity }] of Object.entries(lock.packages)) {
    const name = path.slice("node_modules/".length);
    if (PINS[name]?.integrity === integrity) continue;
    throw new SetupError(
      `The registry served a ${name} whose checksum is not the one in tools/toolchain/pins.mjs. Nothing was installed; use another registry.`,
    );
  }
}

function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(join(PACKAGES, name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}

/** npm's cache goes under .toolchain when its own place cannot be written. */
function cacheEnv() {
  const usual = process.env.npm_config_cache ?? join(home(), ".npm");
  if (isWritable(usual)) return {};
  const cache = join(TOOLCHAIN, "npm-cache");
  mkdirSync(cache, { recursive: true });
  return { npm_config_cache: cache, npm_config_logs_max: "0" };
}

function home() {
  try {
    return homedir();
  } catch {
    return "/nonexistent";
  }
}

function isWritable(path) {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
    return existing !== "/" && existing !== ".";
  } catch {
    return false;
  }
}
