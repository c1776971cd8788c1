import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@kubehop/client";
import { type ContainerFollower, followContainers } from "./container-follower.ts";
import { createDockerRuntime, type DockerRuntime } from "./docker-runtime.ts";
import { createEngine, type Engine, EngineError, isMissing } from "./engine.ts";
import { RUNTIME_LABELS } from "./names.ts";
import { findNodeContainer, type NodeContainer } from "./node-container.ts";

/** How a node uses an engine. */
export interface DockerNodeOptions {
  /** "unix:///var/run/docker.sock". */
  readonly endpoint: string;
  /** Name of the network the node's pods are on. */
  readonly network: string;
  /** kubehop's own image. */
  readonly image: string;
  /** Containers with this label are followed beside the node's own. */
  readonly label: string;
  readonly logger: Logger;
}

/** A node on an engine. Disposing it leaves the containers running. */
export interface DockerNode extends AsyncDisposable {
  readonly engine: Engine;
  readonly follower: ContainerFollower;
  readonly runtime: DockerRuntime;
}

/** How long an engine may take to be there when the kubelet starts, in ms. */
const ENGINE_DEADLINE_MS = 20_000;
const RETRY_MS = 250;

/** What compose looks for in the containers of a project; it removes ours as orphans. */
const COMPOSE_PROJECT = "com.docker.compose.project";
const COMPOSE_LABELS = {
  "com.docker.compose.service": "kubehop-pods",
  "com.docker.compose.oneoff": "False",
  "com.docker.compose.config-hash": "kubehop",
  "com.docker.compose.container-number": "1",
};

/**
 * Connects a node with its engine. Rejects with a sentence for the user when the endpoint is
 * wrong, the engine does not answer in time, or has no such network.
 */
export async function connectDockerNode(options: DockerNodeOptions): Promise<DockerNode> {
  const { endpoint, network, image, label, logger } = options;
  await using parts = new AsyncDisposableStack();
  const engine = parts.use(createEngine(endpoint));
  let version = await reach(engine, logger);
  await checkNetwork(engine, network);
  const nodeContainer = await findNodeContainer(engine);
  const follower = parts.use(
    await followContainers({
      engine,
      labels: [RUNTIME_LABELS.uid, label],
      logger,
      onFound: (found) => (version = found),
    }),
  );
  const runtime = parts.use(
    createDockerRuntime({
      engine,
      follower,
      node: {
        network,
        image,
        hostNetworkOf: nodeContainer?.networkOf,
        labels: composeLabels(nodeContainer),
      },
      nodeContainer,
      logger,
      version: () => version,
    }),
  );
  const all = parts.move();
  return { engine, follower, runtime, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function reach(engine: Engine, logger: Logger): Promise<string> {
  const end = Date.now() + ENGINE_DEADLINE_MS;
  for (let told = false; ; told = true) {
    try {
      return (await engine.negotiate()).version;
    } catch (error) {
      const isAway = error instanceof EngineError && error.statusCode === 0;
      if (!isAway || Date.now() >= end) throw error;
      if (!told) logger.warn({ reason: error.message }, "container engine not there yet, waiting");
    }
    await delay(RETRY_MS);
  }
}

async function checkNetwork(engine: Engine, network: string): Promise<void> {
  try {
    await engine.call<unknown>({ method: "GET", path: `/networks/${encodeURIComponent(network)}` });
  } catch (error) {
    if (!isMissing(error)) throw error;
    const all = await engine.call<{ Name: string }[]>({ method: "GET", path: "/networks" });
    const known = all.map(({ Name }) => Name).sort();
    throw new Error(
      `--docker-network: the engine has no network "${network}"; it has ${known.join(", ")}`,
      { cause: error },
    );
  }
}

function composeLabels(container: NodeContainer | undefined): Record<string, string> {
  const project = container?.labels[COMPOSE_PROJECT];
  return project === undefined ? {} : { [COMPOSE_PROJECT]: project, ...COMPOSE_LABELS };
}
