import type { ContainerId, SandboxSpec } from "../runtime.ts";
import type { EngineContainer } from "./engine-container.ts";

/** Labels of the containers this runtime makes; upstream's keys (cri-dockerd) where it has them. */
export const RUNTIME_LABELS = {
  /** The network whose node a container belongs to: networks' names are unique on an engine. */
  network: "kubehop.dev/node-network",
  uid: "io.kubernetes.pod.uid",
  namespace: "io.kubernetes.pod.namespace",
  podName: "io.kubernetes.pod.name",
  /** "podsandbox" or "container". */
  type: "io.kubernetes.docker.type",
  container: "io.kubernetes.container.name",
  attempt: "io.kubernetes.container.restartCount",
  lastWords: "io.kubernetes.container.terminationMessagePolicy",
  /** The spec of the pod's sandbox as JSON. */
  sandbox: "kubehop.dev/sandbox",
  logPath: "io.kubernetes.container.logpath",
  image: "io.kubernetes.container.image",
} as const;

/** What a container of ours is in the engine. */
export type OwnContainer =
  | { readonly type: "container"; readonly id: ContainerId; readonly spec: SandboxSpec }
  | { readonly type: "podsandbox"; readonly spec: SandboxSpec };

/** What a container is; undefined when it is not of this node's runtime. */
export function ownContainer(
  { labels }: Pick<EngineContainer, "labels">,
  network: string,
): OwnContainer | undefined {
  const podUid = labels[RUNTIME_LABELS.uid];
  if (podUid === undefined || labels[RUNTIME_LABELS.network] !== network) return undefined;
  const spec = parseSpec(labels[RUNTIME_LABELS.sandbox] ?? "");
  if (spec === undefined) return undefined;
  if (labels[RUNTIME_LABELS.type] === "podsandbox") return { type: "podsandbox", spec };
  const name = labels[RUNTIME_LABELS.container];
  const attempt = Number(labels[RUNTIME_LABELS.attempt]);
  if (name === undefined || !Number.isInteger(attempt)) return undefined;
  return { type: "container", id: { podUid, name, attempt }, spec };
}

/** `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`, as the engine's containers of a kubelet are named. */
export function containerName(sandbox: SandboxSpec, name: string, attempt: number): string {
  return ["k8s", name, sandbox.name, sandbox.namespace, sandbox.uid, attempt].join("_");
}

function parseSpec(text: string): SandboxSpec | undefined {
  try {
    return JSON.parse(text) as SandboxSpec;
  } catch {
    return undefined;
  }
}
