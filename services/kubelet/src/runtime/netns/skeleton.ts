import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
} from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { HostFiles, RootPlan } from "./root-plan.ts";

/** Directories anybody may write to, as on every Linux. */
const STICKY = new Set(["root/tmp", "root/dev/shm"]);

/**
 * Writes what a plan's root starts with under `directory`. Synchronous on purpose: some forty tiny
 * files take about a millisecond this way and several times that through the thread pool.
 */
export function writeSkeleton(plan: RootPlan, directory: string): void {
  for (const path of plan.directories) {
    mkdirSync(join(directory, path), { recursive: true });
    if (STICKY.has(path)) chmodSync(join(directory, path), 0o1777);
  }
  for (const [path, text] of Object.entries(plan.files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  for (const [path, target] of Object.entries(plan.symlinks)) {
    symlinkSync(target, join(directory, path));
  }
  for (const { path, isFile } of plan.inVolumes) {
    if (existsSync(path)) continue;
    mkdirSync(isFile ? dirname(path) : path, { recursive: true });
    if (isFile) writeFileSync(path, "");
  }
}

/** The node's own files. */
export const nodeFiles: HostFiles = {
  resolve(path) {
    const missing: string[] = [];
    let existing = path;
    while (existing !== "/" && lstatSync(existing, { throwIfNoEntry: false }) === undefined) {
      missing.unshift(basename(existing));
      existing = dirname(existing);
    }
    return join(realpathSync(existing), ...missing);
  },
  kind(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return "missing";
    return stat.isDirectory() ? "directory" : "file";
  },
  list: (directory) => readdirSync(directory),
};
