import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Manifest, type ManifestPod, parseManifest } from "./manifest.ts";
import { createPodRange } from "./pod-range.ts";
import { createProblemBoard } from "./problem-board.ts";
import {
  keyOf,
  type StaticContainer,
  type StaticPod,
  type StaticPodProblem,
  type StaticPodSource,
} from "./static-pod.ts";

/** Where a list of pods is. */
export interface ManifestsOptions {
  /** A file, or a directory whose *.yaml, *.yml and *.json are read. */
  readonly path: string;
  /** The node's pod CIDRs. */
  readonly podCidrs: readonly string[];
  /** How often the files are looked at, in ms; 1 s when absent. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;
const MANIFEST = /\.(ya?ml|json)$/;
const MAX_BYTES = 1_024 * 1_024;
const MAX_FILES = 500;

/** One file, as it was when it was good. */
interface Followed {
  readonly signature: string;
  readonly pods: readonly StaticPod[];
}

/**
 * Follows the pods of a file or directory. A file that becomes wrong keeps the pods it had, and
 * the problem tells why; a file that goes takes its pods along. Resolves after the first look.
 */
export async function followManifests(options: ManifestsOptions): Promise<StaticPodSource> {
  const { path, podCidrs, intervalMs = INTERVAL_MS } = options;
  const board = createProblemBoard();
  const handlers = new Set<(keys: readonly string[]) => void>();
  const files = new Map<string, Followed>();
  const range = createPodRange(podCidrs);
  const all = (): StaticPod[] => {
    const pods = [...files.values()].flatMap((file) => file.pods);
    return pods.filter((pod, index) => index === pods.findIndex((other) => isSame(pod, other)));
  };
  const update = (file: string, next: Followed | undefined): void => {
    const before = files.get(file)?.pods ?? [];
    if (next === undefined) files.delete(file);
    else files.set(file, next);
    const keys = [...new Set([...before, ...(next?.pods ?? [])].map(keyOf))];
    if (keys.length > 0) for (const handler of handlers) handler(keys);
  };
  const look = async (): Promise<void> => {
    const found = await listFiles(path, board.set);
    for (const file of files.keys()) {
      if (found.has(file)) continue;
      board.set(file, []);
      update(file, undefined);
    }
    for (const [file, signature] of found) {
      const known = files.get(file);
      if (known?.signature === signature) continue;
      const { pods, problems } = await readManifest(file);
      const outside = pods.flatMap((pod) => outOfRange(pod, range));
      const wrong = [...problems, ...outside];
      board.set(file, wrong.length > 0 && known !== undefined ? wrong.map(kept) : wrong);
      const kept_ = wrong.length > 0 ? (known?.pods ?? []) : pods.map((pod) => toStaticPod(pod));
      update(file, { signature, pods: kept_ });
    }
    board.set("names", repeats([...files.values()].flatMap((file) => file.pods)));
  };
  await look();
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, intervalMs);
  return {
    list: all,
    onChange(handler) {
      handlers.add(handler);
      return { [Symbol.dispose]: () => void handlers.delete(handler) };
    },
    onProblem: (handler) => board.onProblem(handler),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** The files with a mark that changes when they do. */
async function listFiles(
  path: string,
  report: (subject: string, problems: readonly StaticPodProblem[]) => void,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const problems: StaticPodProblem[] = [];
  const problem = (message: string): void => {
    problems.push({ reason: "InvalidManifest", message });
  };
  try {
    const isDirectory = (await stat(path)).isDirectory();
    const names = isDirectory ? (await readdir(path)).filter((name) => MANIFEST.test(name)) : [];
    if (names.length > MAX_FILES) problem(`${path}: more than ${MAX_FILES} files`);
    const files = isDirectory ? names.toSorted().map((name) => join(path, name)) : [path];
    for (const file of files.slice(0, MAX_FILES)) {
      const state = await stat(file).catch(isDirectory ? ignoreGone : undefined);
      if (state === undefined) continue;
      const { size, mtimeMs, ino } = state;
      if (size > MAX_BYTES) problem(`${file}: longer than ${MAX_BYTES} bytes`);
      else found.set(file, `${size}/${mtimeMs}/${ino}`);
    }
  } catch (error) {
    problem(`--pod-manifest-path: ${(error as Error).message}`);
  }
  report("path", problems);
  return found;
}

/** A file that went since its directory was read takes no other with it. */
function ignoreGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function readManifest(file: string): Promise<Manifest> {
  try {
    return parseManifest(file, await readFile(file, "utf8"));
  } catch (error) {
    const message = `${file}: ${(error as Error).message}`;
    return { pods: [], problems: [{ reason: "InvalidManifest", message }] };
  }
}

function kept({ reason, message }: StaticPodProblem): StaticPodProblem {
  return { reason, message: `${message}; the file's pods stay as they were` };
}

function outOfRange(
  { ips, origin }: ManifestPod,
  range: ReturnType<typeof createPodRange>,
): StaticPodProblem[] {
  const outside = ips.filter((ip) => !range.contains(ip));
  return outside.map((ip) => {
    const where = `metadata.annotations[kubehop.dev/ip]: ${ip}`;
    const cidrs = range.podCidrs.join(", ");
    const message = `${origin}: ${where} is outside the node's pod CIDR ${cidrs}`;
    return { reason: "IPOutOfRange", message };
  });
}

function repeats(pods: readonly StaticPod[]): StaticPodProblem[] {
  return pods.flatMap((pod, index) => {
    const first = pods.find((other) => isSame(pod, other));
    if (first === pod || pods.indexOf(pod) !== index) return [];
    const message = `${pod.origin}: pod ${keyOf(pod)} is at ${first?.origin} already`;
    return [{ reason: "DuplicatePod", message }];
  });
}

function isSame(a: StaticPod, b: StaticPod): boolean {
  return keyOf(a) === keyOf(b);
}

function toStaticPod({ pod, ips, origin }: ManifestPod): StaticPod {
  const { name, namespace = "default", labels = {}, annotations = {} } = pod.metadata;
  const containers = pod.spec.containers.map(({ name: container, image = "" }) => {
    const id = `static://${namespace}/${name}/${container}`;
    return [container, staticContainer(id, image)] as const;
  });
  return {
    namespace,
    name,
    // Without the line: what is written above a pod does not make it another one.
    origin: origin.replace(/:\d+$/, ""),
    labels,
    annotations,
    spec: pod.spec,
    ips,
    containers: new Map(containers),
  };
}

/** It runs as far as anybody here knows; its probes tell whether it answers. */
function staticContainer(containerId: string, image: string): StaticContainer {
  const since = Date.now();
  const refuse = (what: string): never => {
    throw new Error(
      `the pod is run by somebody else (--pod-manifest-path): the kubelet cannot ${what}; ` +
        "ask whoever runs it",
    );
  };
  return {
    state: {
      image,
      logPath: "",
      phase: "running",
      createdAt: since,
      startedAt: since,
      containerId,
      imageId: image,
    },
    exec: () => refuse("run commands in it"),
    log: () => refuse("read its log"),
  };
}
