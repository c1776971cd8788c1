import type { ContainerChange, ContainerFollower } from "../runtime/docker/container-follower.ts";
import { lifeOf } from "../runtime/docker/container-state.ts";
import type { Engine } from "../runtime/docker/engine.ts";
import type { EngineContainer } from "../runtime/docker/engine-container.ts";
import { execInEngine } from "../runtime/docker/exec.ts";
import { readEngineLog } from "../runtime/docker/logs.ts";
import { toLabelledPod } from "./labelled-pod.ts";
import { createPodRange } from "./pod-range.ts";
import { createProblemBoard } from "./problem-board.ts";
import {
  keyOf,
  type StaticContainer,
  type StaticPod,
  type StaticPodProblem,
  type StaticPodSource,
} from "./static-pod.ts";

/** Where labelled containers are looked for. */
export interface LabelledContainersOptions {
  readonly engine: Engine;
  readonly follower: ContainerFollower;
  readonly network: string;
  readonly podCidrs: readonly string[];
}

/** One container and the pod it stands for. */
interface Entry {
  readonly pod: StaticPod;
  readonly createdAt: number;
}

/** The containers of the node's network that are labelled as pods, as they come, change and go. */
export function followLabelledContainers(options: LabelledContainersOptions): StaticPodSource {
  const { engine, follower } = options;
  const where = { network: options.network, range: createPodRange(options.podCidrs) };
  const board = createProblemBoard();
  const handlers = new Set<(keys: readonly string[]) => void>();
  /** By the engine's id. */
  const entries = new Map<string, Entry>();
  const firstOf = (key: string): StaticPod | undefined =>
    [...entries.values()]
      .filter(({ pod }) => keyOf(pod) === key)
      .toSorted((a, b) => a.createdAt - b.createdAt)[0]?.pod;
  const update = ({ previous, current }: ContainerChange): void => {
    const id = (current ?? previous)?.id ?? "";
    const before = entries.get(id)?.pod;
    const { pod, problems } = current === undefined ? GONE : toLabelledPod(current, where);
    if (current === undefined || pod === undefined) entries.delete(id);
    else {
      const { container: name, ...rest } = pod;
      const containers = new Map([[name, staticContainer(engine, current)]]);
      entries.set(id, { pod: { ...rest, containers }, createdAt: current.createdAt });
    }
    board.set(id, problems);
    const keys = new Set([before, pod].filter((found) => found !== undefined).map(keyOf));
    for (const key of keys) board.set(`pod ${key}`, clashes(entries, key, firstOf(key)));
    if (keys.size > 0) for (const handler of handlers) handler([...keys]);
  };
  for (const container of follower.list()) update({ previous: undefined, current: container });
  const changes = follower.onChange(update);
  return {
    list() {
      const keys = new Set([...entries.values()].map(({ pod }) => keyOf(pod)));
      return [...keys].map(firstOf).filter((pod) => pod !== undefined);
    },
    onChange(handler) {
      handlers.add(handler);
      return { [Symbol.dispose]: () => void handlers.delete(handler) };
    },
    onProblem: (handler) => board.onProblem(handler),
    async [Symbol.asyncDispose]() {
      changes[Symbol.dispose]();
    },
  };
}

const GONE: ReturnType<typeof toLabelledPod> = { problems: [] };

/** Every container that wants the name of a pod another container has. */
function clashes(
  entries: ReadonlyMap<string, Entry>,
  key: string,
  first: StaticPod | undefined,
): StaticPodProblem[] {
  return [...entries.values()]
    .filter(({ pod }) => keyOf(pod) === key && pod !== first)
    .map(({ pod }) => {
      const message =
        `${pod.origin} asks to be pod ${key}, which ${first?.origin} is already: ` +
        "give one of them another kubehop.dev/name, or none";
      return { reason: "DuplicatePod", message };
    });
}

function staticContainer(engine: Engine, container: EngineContainer): StaticContainer {
  return {
    state: {
      image: container.image,
      logPath: "",
      createdAt: container.createdAt,
      containerId: `docker://${container.id}`,
      imageId: container.imageId,
      ...lifeOf({ container, isStarting: true }),
      ...(container.paused || container.ending === true ? { silent: true } : {}),
    },
    exec(command, options = {}) {
      if (!container.running) throw new Error(`container not running (${container.name})`);
      return execInEngine(engine, container.id, command, options);
    },
    log: (range) => (query, signal) => readEngineLog(engine, container, range, { query, signal }),
  };
}
