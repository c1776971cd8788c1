import type { ConfigMap, Container, Pod, PodSpec, PodStatus, Secret, Service } from "@kubehop/api";
import type { PodSources } from "../environment.ts";
import type { EngineContainer } from "../runtime/docker/engine-container.ts";
import type { ContainerState } from "../runtime/runtime.ts";

/** A moment for tests: 2026-01-01T00:00:00Z in unix ms. */
export const NOW: number = Date.UTC(2026, 0, 1);

/** A pod of tests: one container `app`, uid `uid-1`, in namespace `default`. */
export function testPod(spec: Partial<PodSpec> = {}, status?: PodStatus): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "pod", namespace: "default", uid: "uid-1", labels: { app: "x" } },
    spec: { nodeName: "node-1", containers: [testContainer()], ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

/** A container of tests. */
export function testContainer(container: Partial<Container> = {}): Container {
  return { name: "app", image: "kubehop/sample-app", ...container };
}

/** A start of a container that runs, or what is said instead. */
export function testState(
  state: Partial<ContainerState> & { name?: string; attempt?: number } = {},
): ContainerState {
  const { name = "app", attempt = 0, ...rest } = state;
  return {
    id: { podUid: "uid-1", name, attempt },
    image: "kubehop/sample-app",
    logPath: "/logs/app",
    phase: "running",
    createdAt: NOW,
    startedAt: NOW,
    ...rest,
  };
}

/** A start of a container that has ended. */
export function endedState(exitCode: number, name = "app", attempt = 0): ContainerState {
  return testState({ name, attempt, phase: "exited", exitCode, finishedAt: NOW });
}

/** The objects pods may refer to; all in namespace `default`. */
export function testSources(objects: {
  readonly configMaps?: Readonly<Record<string, ConfigMap["data"]>>;
  readonly secrets?: Readonly<Record<string, Secret["data"]>>;
  readonly services?: readonly Service[];
}): PodSources {
  const { configMaps = {}, secrets = {}, services = [] } = objects;
  const meta = (name: string): { name: string; namespace: string } => ({
    name,
    namespace: "default",
  });
  return {
    configMap(_namespace, name) {
      const data = configMaps[name];
      if (data === undefined) return undefined;
      return { apiVersion: "v1", kind: "ConfigMap", metadata: meta(name), data };
    },
    secret(_namespace, name) {
      const data = secrets[name];
      if (data === undefined) return undefined;
      return { apiVersion: "v1", kind: "Secret", metadata: meta(name), data };
    },
    services: () => services,
  };
}

/** A Service of tests. */
export function testService(
  name: string,
  clusterIP: string,
  ports: Service["spec"]["ports"] = [],
  namespace = "default",
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { clusterIP, ports: ports ?? [] },
  };
}

/** A running container of an engine. */
export function testEngineContainer(container: Partial<EngineContainer> = {}): EngineContainer {
  return {
    id: "c1",
    name: "shop-my-api-1",
    labels: {},
    image: "shop:1",
    imageId: "sha256:1",
    createdAt: NOW,
    running: true,
    paused: false,
    oomKilled: false,
    exitCode: 0,
    error: "",
    startedAt: NOW,
    networks: {},
    tty: false,
    mounts: [],
    ...container,
  };
}
