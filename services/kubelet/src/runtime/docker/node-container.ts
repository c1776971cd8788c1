import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type Engine, isMissing } from "./engine.ts";
import {
  type EngineContainer,
  type EngineMount,
  type InspectedContainer,
  toEngineContainer,
} from "./engine-container.ts";

/** The container this kubelet runs in, if it runs in one of the engine it uses. */
export interface NodeContainer {
  readonly id: string;
  /** The container whose network it has: its own, or the one that is the node. */
  readonly networkOf: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly EngineMount[];
}

/** A container's own files come from a directory of the engine that bears its id. */
const OWN_FILE = /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf)$/;

/**
 * Finds the container this process runs in; undefined on the engine's machine itself. Its /etc/hosts
 * is that of the container whose network it shares, so it is the one of those that share it whose
 * mounts are here.
 */
export async function findNodeContainer(engine: Engine): Promise<NodeContainer | undefined> {
  const { networkOf, targets } = parseMounts(await readFile("/proc/self/mountinfo", "utf8"));
  if (networkOf === undefined) return undefined;
  const inspect = async (id: string): Promise<EngineContainer> =>
    toEngineContainer(
      await engine.call<InspectedContainer>({ method: "GET", path: `/containers/${id}/json` }),
    );
  try {
    const found = await Promise.all(
      [networkOf, ...(await sharersOf(engine, networkOf))].map(inspect),
    );
    const own = mostMounted(found, targets);
    return own && { id: own.id, networkOf, labels: own.labels, mounts: own.mounts };
  } catch (error) {
    // In a container of another engine, e.g. one that the engine's machine itself is.
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What proc(5) mountinfo tells: the container in the source of /etc/hosts, and all mount points. */
export function parseMounts(mountinfo: string): {
  readonly networkOf: string | undefined;
  readonly targets: ReadonlySet<string>;
} {
  let networkOf: string | undefined;
  const targets = new Set<string>();
  for (const line of mountinfo.split("\n")) {
    const [, , , root = "", target = ""] = line.split(" ");
    targets.add(target);
    if (dirname(target) === "/etc") networkOf ??= OWN_FILE.exec(root)?.[1];
  }
  return { networkOf, targets };
}

/** The container most of whose mounts are among these; of several the one with fewest others. */
export function mostMounted(
  containers: readonly EngineContainer[],
  targets: ReadonlySet<string>,
): EngineContainer | undefined {
  const here = ({ mounts }: EngineContainer): number =>
    mounts.filter(({ target }) => targets.has(target)).length;
  return containers.toSorted((a, b) => here(b) - here(a) || a.mounts.length - b.mounts.length)[0];
}

async function sharersOf(engine: Engine, id: string): Promise<string[]> {
  const all = await engine.call<
    { readonly Id: string; readonly HostConfig: { readonly NetworkMode: string } }[]
  >({ method: "GET", path: "/containers/json" });
  return all
    .filter(({ HostConfig }) => HostConfig.NetworkMode === `container:${id}`)
    .map(({ Id }) => Id);
}

/**
 * Where the engine's machine has a path of this node: what is mounted there. Undefined when the
 * path lies in the node's own container, out of the engine's reach. On the machine itself every
 * path is its own.
 */
export function enginePath(node: NodeContainer | undefined, path: string): string | undefined {
  if (node === undefined) return path;
  let found: EngineMount | undefined;
  for (const mount of node.mounts) {
    const isDeeper = mount.target.length > (found?.target.length ?? -1);
    if (isDeeper && isBelow(path, mount.target)) found = mount;
  }
  return found === undefined || found.source === ""
    ? undefined
    : join(found.source, relative(found.target, path));
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
