import type { ContainerId, Sandbox, SandboxSpec } from "../runtime.ts";
import type { ContainerChange } from "./container-follower.ts";
import { type KnownContainer, toSandbox } from "./container-state.ts";
import type { EngineContainer } from "./engine-container.ts";
import { ownContainer } from "./names.ts";

/** The pods of a node, sorted out of the containers of its engine. */
export interface PodTable {
  /** Takes in a change; gives the uid of the pod it was of, if it was of one. */
  update(change: ContainerChange): string | undefined;
  /** Every sandbox, or a pod's; what has lost its pause container is one that does not run. */
  list(podUid?: string): readonly Sandbox[];
  /** A pod's spec and pause container. */
  sandbox(podUid: string): PodSandbox | undefined;
  container(id: ContainerId): KnownContainer | undefined;
  /** The engine's ids of everything that is known of a pod. */
  ids(podUid: string): readonly string[];
  /** A container counts as being started until this is disposed. */
  starting(engineId: string): Disposable;
  /** Keeps the end of a container's log; gives the uid of its pod. */
  noteLastLines(engineId: string, text: string): string | undefined;
}

/** A pod's pause container. */
export interface PodSandbox {
  readonly spec: SandboxSpec;
  readonly pause: EngineContainer;
}

interface Entry extends Omit<KnownContainer, "isStarting"> {
  readonly spec: SandboxSpec;
}

/** Creates the empty table of the node on a network. */
export function createPodTable(network: string): PodTable {
  const sandboxes = new Map<string, PodSandbox>();
  const containers = new Map<string, Entry>();
  const starts = new Set<string>();
  const entriesOf = (podUid: string): Entry[] =>
    [...containers.values()].filter(({ id }) => id.podUid === podUid);
  const known = (entry: Entry): KnownContainer => {
    return { ...entry, isStarting: starts.has(entry.container.id) };
  };
  const view = (podUid: string): Sandbox[] => {
    const own = entriesOf(podUid);
    const sandbox = sandboxes.get(podUid);
    const spec = sandbox?.spec ?? own[0]?.spec;
    if (spec === undefined) return [];
    return [toSandbox(spec, sandbox?.pause, { network, containers: own.map(known) })];
  };
  return {
    update({ previous, current }) {
      const container = current ?? previous;
      const own = container && ownContainer(container, network);
      if (container === undefined || own === undefined) return undefined;
      if (own.type === "podsandbox") {
        updateSandbox(sandboxes, { spec: own.spec, pause: container }, current !== undefined);
        return own.spec.uid;
      }
      const before = containers.get(container.id);
      if (current === undefined) containers.delete(container.id);
      else containers.set(container.id, { ...before, id: own.id, spec: own.spec, container });
      return own.id.podUid;
    },
    list(podUid) {
      if (podUid !== undefined) return view(podUid);
      const uids = [...containers.values()].map(({ id }) => id.podUid);
      return [...new Set([...sandboxes.keys(), ...uids])].flatMap(view);
    },
    sandbox: (podUid) => sandboxes.get(podUid),
    container(id) {
      const found = entriesOf(id.podUid).find(
        (entry) => entry.id.name === id.name && entry.id.attempt === id.attempt,
      );
      return found && known(found);
    },
    ids(podUid) {
      const pause = sandboxes.get(podUid)?.pause;
      const own = entriesOf(podUid).map(({ container }) => container.id);
      return pause === undefined ? own : [pause.id, ...own];
    },
    starting(engineId) {
      starts.add(engineId);
      return { [Symbol.dispose]: () => void starts.delete(engineId) };
    },
    noteLastLines(engineId, text) {
      const entry = containers.get(engineId);
      if (entry !== undefined) containers.set(engineId, { ...entry, lastLines: text });
      return entry?.id.podUid;
    },
  };
}

/** A pod's old pause container may still be told of when its next one is there. */
function updateSandbox(
  sandboxes: Map<string, PodSandbox>,
  sandbox: PodSandbox,
  isThere: boolean,
): void {
  const { uid } = sandbox.spec;
  const before = sandboxes.get(uid)?.pause;
  const isOlder = before !== undefined && before.createdAt > sandbox.pause.createdAt;
  if (isThere && !isOlder) sandboxes.set(uid, sandbox);
  else if (!isThere && before?.id === sandbox.pause.id) sandboxes.delete(uid);
}
