import { basename, dirname, join } from "node:path";
import type { Mount } from "../runtime.ts";
import type { HostRoot } from "./host-root.ts";

/** What the node's files look like; the only question a plan asks the world. */
export interface HostFiles {
  /** Resolves symbolic links of the part of the path that exists; the rest is kept. */
  resolve(path: string): string;
  kind(path: string): "file" | "directory" | "missing";
  /** Names in a directory. */
  list(directory: string): readonly string[];
}

/** What a container's root is built from. Paths are relative to the container's fs directory. */
export interface RootPlan {
  readonly directories: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly symlinks: Readonly<Record<string, string>>;
  /** Mount points to make inside volumes of the pod: absolute paths on the node. */
  readonly inVolumes: readonly { readonly path: string; readonly isFile: boolean }[];
  /** Mounts in the order in which they are made. */
  readonly mounts: readonly RootMount[];
}

/** One line of the fstab; a target is relative to the fs directory. */
export interface RootMount {
  readonly source: string;
  readonly target: string;
  readonly type: "devpts" | "overlay" | "none";
  readonly options: string;
}

/** What a plan is made for. */
export interface RootRequest {
  readonly host: HostRoot;
  /** Absolute path of the container's fs directory. */
  readonly fs: string;
  readonly mounts: readonly Mount[];
  /** Paths of the node that must stay visible wherever they lie: the checkout, the program. */
  readonly visible: readonly string[];
  /** Files the root starts with, by absolute path in the container. */
  readonly files: Readonly<Record<string, string>>;
  /** Its program runs in a terminal. */
  readonly terminal?: boolean;
}

/** Where programs expect to write; the node's own directories may belong to somebody else. */
const WRITABLE = ["/var/cache", "/var/lib", "/var/log", "/var/spool", "/var/tmp"];

/** Terminals of a container's own: the node's cannot be opened by the root of a user namespace. */
const OWN_TERMINALS: RootMount = {
  source: "devpts",
  target: "root/dev/pts",
  type: "devpts",
  options: "newinstance,ptmxmode=0666,mode=0620",
};

/** The devices a container has (those of the OCI runtime specification). */
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

/** Where the node's root is seen when a directory had to be opened. */
const HOST = "/.host";

/**
 * Plans a container's root: a tmpfs that mirrors the node's root directory, each directory under a
 * writable layer where the kernel allows it and read-only where not, with places for the mounts.
 * In a read-only directory a missing place is made by opening the directories above it: each is
 * replaced by one whose entries are links to the node's. Throws an Error naming the mount path
 * that cannot be made.
 */
export function planRoot(request: RootRequest, hostFiles: HostFiles): RootPlan {
  const plan = emptyPlan();
  const entries = new Map(request.host.entries.map((entry) => [entry.name, entry.kind]));
  const places = [
    ...request.visible.filter((path) => needsBind(path, request.host)).map(visibleMount),
    ...request.mounts.map((mount) => ({ ...mount, target: hostFiles.resolve(mount.target) })),
  ].sort((a, b) => a.target.localeCompare(b.target));
  const opened = openDirectories(places, entries, hostFiles);
  addHostEntries(plan, request, opened);
  addDevices(plan, hostFiles);
  plan.mounts.push(request.terminal === true ? OWN_TERMINALS : bind("/dev/pts", "root/dev/pts"));
  const kindOf = (target: string): Place => {
    const top = target.split("/")[1] ?? "";
    if (entries.get(top) === "overlay") return { base: `upper${target}`, fixed: false };
    const fixed = entries.get(top) === "bind" && !opened.has(`/${top}`);
    return { base: `root${target}`, fixed };
  };
  for (const path of WRITABLE) {
    const place = kindOf(path);
    if (!place.fixed) plan.directories.push(place.base);
  }
  for (const [path, text] of Object.entries(request.files)) plan.files[kindOf(path).base] = text;
  addPlaces(plan, places, { kindOf, hostFiles, host: request.host });
  return plan;
}

/** The text of an fstab for `mount -a -T`; `fs` is the absolute path of the fs directory. */
export function fstabText(mounts: readonly RootMount[], fs: string): string {
  const lines = mounts.map(({ source, target, type, options }) =>
    [source, join(fs, target), type, options].map(escapeField).join(" "),
  );
  return `${lines.map((line) => `${line} 0 0`).join("\n")}\n`;
}

/** A plan that is being written. */
interface Draft {
  directories: string[];
  files: Record<string, string>;
  symlinks: Record<string, string>;
  inVolumes: { path: string; isFile: boolean }[];
  mounts: RootMount[];
}

interface Place {
  /** Where the mount point is made, relative to the fs directory. */
  readonly base: string;
  /** It lies in a read-only directory of the node and exists there. */
  readonly fixed: boolean;
}

interface PlaceContext {
  kindOf(target: string): Place;
  readonly hostFiles: HostFiles;
  readonly host: HostRoot;
}

function emptyPlan(): Draft {
  return {
    directories: ["root/.old", "root/proc", "root/sys", "root/run/lock", "root/dev/pts"],
    files: {},
    symlinks: { "root/dev/fd": "/proc/self/fd", "root/dev/ptmx": "pts/ptmx" },
    inVolumes: [],
    mounts: [],
  };
}

function addHostEntries(plan: Draft, request: RootRequest, opened: Opened): void {
  const { fs, host } = request;
  plan.mounts.push({ source: join(fs, "root"), target: "root", type: "none", options: "bind" });
  for (const entry of host.entries) {
    const target = `root/${entry.name}`;
    if (entry.kind === "symlink") {
      plan.symlinks[target] = entry.target;
      continue;
    }
    plan.directories.push(target);
    if (entry.kind === "overlay") addOverlay(plan, entry.name, fs);
    if (entry.kind === "bind" && !opened.has(`/${entry.name}`)) {
      plan.mounts.push(bind(`/${entry.name}`, target, readOnly(host, `/${entry.name}`)));
    }
  }
  if (opened.size === 0) return;
  plan.directories.push(`root${HOST}`);
  plan.mounts.push(bind("/", `root${HOST}`, readOnly(host, "/")));
  for (const [directory, names] of opened) {
    plan.directories.push(`root${directory}`);
    for (const name of names) {
      plan.symlinks[`root${join(directory, name)}`] = join(HOST, directory, name);
    }
  }
}

function addOverlay(plan: Draft, name: string, fs: string): void {
  plan.directories.push(`upper/${name}`, `scratch/${name}`);
  const layers = [
    `lowerdir=/${name}`,
    `upperdir=${fs}/upper/${name}`,
    `workdir=${fs}/scratch/${name}`,
    "userxattr",
  ];
  plan.mounts.push({
    source: "overlay",
    target: `root/${name}`,
    type: "overlay",
    options: layers.join(","),
  });
}

function addDevices(plan: Draft, hostFiles: HostFiles): void {
  plan.directories.push("root/tmp", "root/dev/shm");
  ["stdin", "stdout", "stderr"].forEach((name, fd) => {
    plan.symlinks[`root/dev/${name}`] = `/proc/self/fd/${fd}`;
  });
  for (const name of DEVICES.filter((name) => hostFiles.kind(`/dev/${name}`) !== "missing")) {
    plan.files[`root/dev/${name}`] = "";
    plan.mounts.push(bind(`/dev/${name}`, `root/dev/${name}`));
  }
  for (const directory of ["/proc", "/sys"]) {
    plan.mounts.push(bind(directory, `root${directory}`));
  }
}

function addPlaces(plan: Draft, places: readonly Mount[], context: PlaceContext): void {
  const { hostFiles, host } = context;
  places.forEach((mount, index) => {
    const { target, source } = mount;
    if (/^\/(proc|sys)(\/|$)/.test(target) || target === "/") {
      throw new Error(`mountPath "${target}": the kernel's own directories cannot be replaced`);
    }
    const parent = places.slice(0, index).findLast((other) => isWithin(target, other.target));
    const isFile = hostFiles.kind(source) === "file";
    if (parent === undefined) addMountPoint(plan, context.kindOf(target), isFile);
    else {
      const path = join(parent.source, target.slice(parent.target.length));
      plan.inVolumes.push({ path, isFile });
    }
    plan.mounts.push(bind(source, `root${target}`, mount.readOnly ? readOnly(host, source) : []));
  });
}

function addMountPoint(plan: Draft, place: Place, isFile: boolean): void {
  if (place.fixed) return;
  if (isFile) {
    plan.directories.push(dirname(place.base));
    plan.files[place.base] = "";
  } else plan.directories.push(place.base);
}

/** Directories replaced by ones of links, each with the names that are links. */
type Opened = ReadonlyMap<string, readonly string[]>;

function openDirectories(
  places: readonly Mount[],
  entries: ReadonlyMap<string, string>,
  hostFiles: HostFiles,
): Opened {
  const opened = new Map<string, readonly string[]>();
  const isBound = (path: string): boolean => entries.get(path.split("/")[1] ?? "") === "bind";
  const isFile = (path: string): boolean => hostFiles.kind(path) === "file";
  const missing = places.filter(
    ({ source, target }) =>
      hostFiles.kind(target) === "missing" || isFile(target) !== isFile(source),
  );
  const own = [...WRITABLE, "/etc/hostname", "/etc/nsswitch.conf"];
  for (const path of [...missing.map((place) => place.target), ...own].filter(isBound)) {
    for (let parent = dirname(path); parent !== "/"; parent = dirname(parent)) {
      if (hostFiles.kind(parent) === "directory") opened.set(parent, hostFiles.list(parent));
    }
  }
  const replaced = new Set([...opened.keys(), ...places.map((place) => place.target), ...own]);
  for (const [directory, names] of opened) {
    const links = names.filter((name) => !replaced.has(join(directory, name)));
    opened.set(directory, links);
  }
  return opened;
}

function needsBind(path: string, host: HostRoot): boolean {
  const top = `/${path.split("/")[1] ?? ""}`;
  const entry = host.entries.find(({ name }) => `/${name}` === top);
  if (entry?.kind !== "overlay" && entry?.kind !== "bind") return true;
  return (
    entry.kind === "overlay" &&
    host.mounts.some((mount) => isWithin(mount.path, top) && isWithin(`${path}/.`, mount.path))
  );
}

function visibleMount(path: string): Mount {
  return { source: path, target: path, readOnly: true };
}

function bind(source: string, target: string, options: readonly string[] = []): RootMount {
  return { source, target, type: "none", options: ["rbind", ...options].join(",") };
}

/** A read-only bind must repeat the flags its file system has: locked in a user namespace. */
function readOnly(host: HostRoot, source: string): string[] {
  const mount = host.mounts
    .filter(({ path }) => path === "/" || source === path || isWithin(source, path))
    .reduce<HostRoot["mounts"][number] | undefined>(
      (best, next) => (best === undefined || next.path.length >= best.path.length ? next : best),
      undefined,
    );
  return ["ro", ...(mount?.flags ?? [])];
}

function isWithin(path: string, directory: string): boolean {
  return path.startsWith(directory === "/" ? "/" : `${directory}/`) && basename(path) !== "";
}

function escapeField(text: string): string {
  return text.replace(/[\\ \t\n]/g, (character) => {
    return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
}
