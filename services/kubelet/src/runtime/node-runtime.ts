import { dirname, join } from "node:path";
import type { Logger } from "@kubehop/client";
import { ROOT } from "@kubehop/kit/programs";
import type { Config } from "../config.ts";
import { followLabelledContainers } from "../mirror/labelled-containers.ts";
import { LABELS } from "../mirror/labels.ts";
import { followManifests } from "../mirror/manifests.ts";
import type { StaticPodSource } from "../mirror/static-pod.ts";
import { connectDockerNode } from "./docker/connect.ts";
import { createNetnsRuntime, type NetnsRuntime } from "./netns/netns-runtime.ts";
import type { Runtime } from "./runtime.ts";
import { createStaticRuntime } from "./static-runtime.ts";

/** What runs the pods of a node, and where it learns of pods that run already. */
export interface NodeRuntime extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly staticPods: readonly StaticPodSource[];
}

/** Creates what --container-runtime says. Rejects when that cannot work here. */
export async function createNodeRuntime(config: Config, logger: Logger): Promise<NodeRuntime> {
  await using parts = new AsyncDisposableStack();
  const staticPods: StaticPodSource[] = [];
  if (config.podManifestPath !== "") {
    const { podManifestPath: path, podCidr: podCidrs } = config;
    staticPods.push(parts.use(await followManifests({ path, podCidrs })));
  }
  const runtime =
    config.containerRuntime === "docker"
      ? await createDocker(config, { logger, parts, staticPods })
      : parts.use(await createOther(config, logger));
  const all = parts.move();
  return { runtime, staticPods, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

interface DockerParts {
  readonly logger: Logger;
  readonly parts: AsyncDisposableStack;
  readonly staticPods: StaticPodSource[];
}

async function createDocker(config: Config, given: DockerParts): Promise<Runtime> {
  const { logger, parts, staticPods } = given;
  const node = parts.use(
    await connectDockerNode({
      endpoint: config.dockerEndpoint,
      network: config.dockerNetwork,
      image: config.image,
      label: LABELS.namespace,
      logger,
    }),
  );
  if (config.removePodsOnExit) {
    parts.defer(async () => {
      await node.runtime.removeAll().catch((err: unknown) => {
        logger.error({ err }, "containers of the node's pods not removed");
      });
    });
  }
  const { podCidr: podCidrs, dockerNetwork: network } = config;
  staticPods.push(parts.use(followLabelledContainers({ ...node, network, podCidrs })));
  return node.runtime;
}

async function createOther(config: Config, logger: Logger): Promise<Runtime> {
  if (config.containerRuntime === "static") return createStaticRuntime();
  const runtime = await createNetnsRuntime({
    directory: join(config.rootDir, "runtime"),
    podCidrs: config.podCidr,
    // Containers run programs of ours.
    visible: [ROOT, dirname(process.execPath)],
    writableSize: config.containerWritableSize,
    compileCache: join(config.rootDir, "compile-cache"),
  });
  reportRoot(runtime, logger);
  return runtime;
}

/** Tells once what containers cannot have: an operator wonders otherwise why writes fail. */
function reportRoot(runtime: NetnsRuntime, logger: Logger): void {
  const named = (kind: string): string[] =>
    runtime.hostRoot.entries.filter((entry) => entry.kind === kind).map((entry) => entry.name);
  const fields = { writable: named("overlay"), readOnly: named("bind"), hidden: named("empty") };
  if (fields.writable.includes("usr")) logger.info(fields, "root directories of containers");
  else logger.warn(fields, "overlay not available: containers see the node's files read-only");
}
