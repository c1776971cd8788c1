import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, readlink } from "node:fs/promises";
import { dataPath } from "@kubehop/kit/programs";
import { promisify } from "node:util";

/** How one entry of the node's root directory reaches a container. */
export type HostEntry =
  | { readonly name: string; readonly kind: "symlink"; readonly target: string }
  /**
   * overlay: the node's directory under a writable layer of the container's own; bind: the node's
   * directory, read-only; empty: an empty directory, because the node's cannot be read.
   */
  | { readonly name: string; readonly kind: "overlay" | "bind" | "empty" };

/** The node's file system as containers can have it. */
export interface HostRoot {
  readonly entries: readonly HostEntry[];
  /** Mount points of the node, from /proc/self/mountinfo. */
  readonly mounts: readonly HostMount[];
}

/** One mount of the node. */
export interface HostMount {
  readonly path: string;
  /** Per-mount options that a read-only remount must repeat: nosuid, nodev, noexec. */
  readonly flags: readonly string[];
}

/** Directories that every container has of its own. */
const OWN = new Set(["dev", "proc", "sys", "run", "tmp", "lost+found"]);

/** The shell script that tries the directories; it stands beside this file. */
const PROBE = dataPath("services/kubelet/src/runtime/netns/probe.sh");

/**
 * Finds out, once at start, what containers can have of the node's root directory; `scratch` is an
 * empty directory to try in. Rejects when no mount namespace can be made.
 */
export async function probeHostRoot(scratch: string): Promise<HostRoot> {
  await mkdir(scratch, { recursive: true });
  const [found, mountinfo] = await Promise.all([
    readdir("/", { withFileTypes: true }),
    readFile("/proc/self/mountinfo", "utf8"),
  ]);
  const symlinks = found.filter((entry) => entry.isSymbolicLink());
  const directories = found
    .filter((entry) => entry.isDirectory() && !OWN.has(entry.name))
    .map((entry) => entry.name)
    .filter((name) => !/[,:\\\s]/.test(name));
  const links = symlinks.map(async ({ name }) => {
    return { name, kind: "symlink" as const, target: await readlink(`/${name}`) };
  });
  return {
    entries: [...(await Promise.all(links)), ...(await probe(scratch, directories))],
    mounts: parseMountinfo(mountinfo),
  };
}

/** Reads /proc/PID/mountinfo (proc(5)); paths are unescaped. */
export function parseMountinfo(text: string): HostMount[] {
  return text
    .split("\n")
    .map((line) => line.split(" "))
    .filter((fields) => fields.length > 6)
    .map((fields) => ({
      path: (fields[4] ?? "").replace(/\\(\d{3})/g, (_all, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
      flags: (fields[5] ?? "").split(",").filter((flag) => /^no(suid|dev|exec)$/.test(flag)),
    }));
}

async function probe(scratch: string, directories: readonly string[]): Promise<HostEntry[]> {
  const args = ["--mount", "/bin/sh", PROBE, scratch, ...directories];
  const { stdout } = await promisify(execFile)("unshare", args, { timeout: 20_000 });
  return stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [kind, name = ""] = line.split(" ");
      return { name, kind: kind === "overlay" || kind === "bind" ? kind : "empty" };
    });
}
