import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run, SetupError } from "./child.mjs";
import { NATS_SERVER, TOOLCHAIN } from "./paths.mjs";

const BY_HAND =
  "Install nats-server 2.9 or newer yourself, put it in PATH or name it in KUBEHOP_NATS_SERVER, and run this again.";

/**
 * Finds nats-server: KUBEHOP_NATS_SERVER, then PATH, then the one that set-up has unpacked.
 * Gives undefined when there is none. Throws SetupError when KUBEHOP_NATS_SERVER names no program.
 */
export function findNatsServer(env = process.env) {
  const named = env.KUBEHOP_NATS_SERVER;
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new SetupError(
      `KUBEHOP_NATS_SERVER is "${named}", which is not a program that can be run.`,
    );
  }
  const inPath = (env.PATH ?? "")
    .split(delimiter)
    .map((directory) => join(directory, "nats-server"))
    .find(isExecutable);
  return inPath ?? (isExecutable(NATS_SERVER) ? NATS_SERVER : undefined);
}

/**
 * Unpacks the distribution's nats-server package under .toolchain when there is no nats-server
 * yet. Nothing is installed: the machine's package database stays as it is.
 */
export async function ensureNatsServer(say) {
  if (findNatsServer() !== undefined) return;
  say("nats-server from your distribution's package archive (unpacked, not installed)");
  const temporary = await mkdtemp(join(TOOLCHAIN, "tmp-nats-"));
  try {
    const deb = await downloadPackage(temporary);
    const unpacked = join(temporary, "unpacked");
    await run("dpkg-deb", ["--extract", deb, unpacked], {
      failure: `The nats-server package could not be unpacked. ${BY_HAND}`,
    });
    const target = join(TOOLCHAIN, "nats");
    await rm(target, { recursive: true, force: true });
    renameSync(unpacked, target);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await run(NATS_SERVER, ["--version"], {
    failure: `The distribution's nats-server does not run on this machine. ${BY_HAND}`,
  });
}

async function downloadPackage(directory) {
  const options = aptOptions(directory);
  try {
    return await download(directory, options.withSystemLists);
  } catch (error) {
    if (!existsSync("/etc/apt")) throw error;
  }
  // The machine's package lists are empty or too old: fetch lists of our own.
  await run("apt-get", [...options.withOwnLists, "update"], {
    failure: `The package lists could not be fetched. Check the network, or: ${BY_HAND}`,
  });
  return download(directory, options.withOwnLists);
}

async function download(directory, options) {
  await run("apt-get", [...options, "download", "nats-server"], {
    cwd: directory,
    failure: `The distribution's package nats-server could not be fetched. ${BY_HAND}`,
  });
  const deb = readdirSync(directory).find((name) => name.endsWith(".deb"));
  if (deb === undefined) throw new SetupError(`apt-get fetched no package. ${BY_HAND}`);
  return join(directory, deb);
}

/** apt's state and cache in folders of ours, so that any user can fetch. */
function aptOptions(directory) {
  const state = join(directory, "state");
  const cache = join(directory, "cache");
  mkdirSync(join(state, "lists", "partial"), { recursive: true });
  mkdirSync(join(cache, "archives", "partial"), { recursive: true });
  // Without this root's apt becomes user _apt, who cannot write here, and warns about it.
  const common = ["-qq", "-o", "APT::Sandbox::User=root", "-o", `Dir::Cache=${cache}`];
  return {
    withSystemLists: common,
    withOwnLists: [
      ...common,
      "-o",
      `Dir::State=${state}`,
      "-o",
      `Dir::State::lists=${join(state, "lists")}`,
      "-o",
      "Dir::State::status=/var/lib/dpkg/status",
    ],
  };
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
