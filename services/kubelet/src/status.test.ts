import type { Container, PodSpec, PodStatus } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import type { ContainerFacts } from "./container-status.ts";
import { isSidecar } from "./pod-plan.ts";
import { type PodFacts, podStatus, qosClass } from "./status.ts";
import { endedState, NOW, testContainer, testPod, testState } from "./testing/objects.ts";

interface Scene {
  readonly spec?: Partial<PodSpec>;
  readonly before?: PodStatus;
  readonly facts?: Readonly<Record<string, Partial<ContainerFacts>>>;
  readonly deleted?: boolean;
  readonly rest?: Partial<PodFacts>;
}

const TIME = "2026-01-01T00:00:00Z";

function statusOf({ spec = {}, before, facts = {}, deleted = false, rest = {} }: Scene): PodStatus {
  const pod = testPod(spec, before);
  if (deleted) pod.metadata.deletionTimestamp = TIME;
  const isInit = ({ name }: Container): boolean =>
    (spec.initContainers ?? []).some((container) => container.name === name);
  return podStatus({
    pod,
    sandboxReady: true,
    podIps: ["10.244.1.2"],
    hostIps: ["172.31.0.11"],
    over: false,
    now: NOW,
    factsOf: (container) => ({
      started: false,
      ready: false,
      runsOnce: isInit(container) && !isSidecar(container),
      lastWords: () => undefined,
      ...facts[container.name],
    }),
    ...rest,
  });
}

const running: Partial<ContainerFacts> = { latest: testState(), started: true, ready: true };
const conditionsOf = (status: PodStatus): Record<string, string> =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: value }) => [type, value]));

describe("podStatus", () => {
  it("reports a pod that runs", () => {
    const status = statusOf({ facts: { app: running } });
    expect(status).toMatchObject({
      phase: "Running",
      podIP: "10.244.1.2",
      podIPs: [{ ip: "10.244.1.2" }],
      hostIP: "172.31.0.11",
      startTime: TIME,
      qosClass: "BestEffort",
      containerStatuses: [
        {
          name: "app",
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: TIME } },
          lastState: {},
          containerID: "netns://uid-1/app/0",
        },
      ],
    });
    expect(conditionsOf(status)).toEqual({
      PodReadyToStartContainers: "True",
      Initialized: "True",
      Ready: "True",
      ContainersReady: "True",
      PodScheduled: "True",
    });
  });

  it.each<[string, Scene, string]>([
    ["nothing runs yet", {}, "Pending"],
    [
      "an init container runs",
      { spec: { initContainers: [testContainer({ name: "init" })] }, facts: { init: running } },
      "Pending",
    ],
    ["it runs", { facts: { app: running } }, "Running"],
    [
      "it waits between two starts",
      { facts: { app: { latest: endedState(1), waiting: { reason: "CrashLoopBackOff" } } } },
      "Running",
    ],
    [
      "it has ended well",
      {
        spec: { restartPolicy: "Never" },
        facts: { app: { latest: endedState(0) } },
        rest: { over: true },
      },
      "Succeeded",
    ],
    [
      "it has ended badly",
      {
        spec: { restartPolicy: "Never" },
        facts: { app: { latest: endedState(3) } },
        rest: { over: true },
      },
      "Failed",
    ],
    [
      "it was deleted and has ended",
      { deleted: true, facts: { app: { latest: endedState(137) } }, rest: { over: true } },
      "Failed",
    ],
    ["it was deleted before it began", { deleted: true, rest: { over: true } }, "Pending"],
    [
      "an init container failed for good",
      { spec: { initContainers: [testContainer({ name: "init" })] }, rest: { over: true } },
      "Failed",
    ],
    [
      "it is over its deadline",
      {
        facts: { app: { latest: endedState(137) } },
        rest: { over: true, failure: { reason: "DeadlineExceeded", message: "m" } },
      },
      "Failed",
    ],
    [
      "it was over before",
      { before: { phase: "Succeeded" }, facts: { app: running } },
      "Succeeded",
    ],
  ])("phase when %s", (_title, scene, phase) => {
    expect(statusOf(scene).phase).toBe(phase);
  });

  it("names the containers that are not ready", () => {
    const status = statusOf({ facts: { app: { ...running, ready: false } } });
    const expected = {
      type: "Ready",
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [app]",
      lastTransitionTime: TIME,
    };
    expect(status.conditions).toContainEqual(expected);
    expect(status.conditions).toContainEqual({ ...expected, type: "ContainersReady" });
  });

  it("names the init containers that are not done", () => {
    const status = statusOf({ spec: { initContainers: [testContainer({ name: "init" })] } });
    expect(status.conditions).toContainEqual({
      type: "Initialized",
      status: "False",
      reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [init]",
      lastTransitionTime: TIME,
    });
  });

  it.each([
    [undefined, 'corresponding condition of pod readiness gate "a/b" does not exist.'],
    ["False", 'the status of pod readiness gate "a/b" is not "True", but False'],
  ] as const)("waits for a readiness gate that is %s", (gate, message) => {
    const conditions = gate === undefined ? [] : [{ type: "a/b", status: gate }];
    const spec = { readinessGates: [{ conditionType: "a/b" }] };
    const status = statusOf({ spec, before: { conditions }, facts: { app: running } });
    expect(status.conditions).toContainEqual({
      type: "Ready",
      status: "False",
      reason: "ReadinessGatesNotReady",
      message,
      lastTransitionTime: TIME,
    });
  });

  it("keeps the time of a condition that did not change", () => {
    const lastTransitionTime = "2025-01-01T00:00:00Z";
    const before: PodStatus = {
      conditions: [
        { type: "Ready", status: "True", lastTransitionTime },
        { type: "ContainersReady", status: "False", lastTransitionTime },
      ],
    };
    const { conditions } = statusOf({ before, facts: { app: running } });
    expect(conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime).toBe(
      lastTransitionTime,
    );
    expect(conditions?.find(({ type }) => type === "ContainersReady")?.lastTransitionTime).toBe(
      TIME,
    );
  });

  it("has no address without a sandbox", () => {
    expect(statusOf({ rest: { sandboxReady: false } })).not.toHaveProperty("podIP");
  });

  it("tells of the start before", () => {
    const status = statusOf({
      facts: {
        app: {
          ...running,
          latest: testState({ attempt: 1 }),
          previous: endedState(7),
          lastWords: () => "bye",
        },
      },
    });
    expect(status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 7, reason: "Error", message: "bye", finishedAt: TIME } },
    });
  });

  const withDebug: Partial<PodSpec> = { ephemeralContainers: [testContainer({ name: "debug" })] };
  const debugOf = (debug: Partial<ContainerFacts>, rest: Partial<Scene> = {}): PodStatus =>
    statusOf({ spec: withDebug, facts: { app: running, debug }, ...rest });

  it.each<[string, Partial<ContainerFacts>, object]>([
    ["has not come", {}, { waiting: { reason: "ContainerCreating" } }],
    [
      "waits for its image",
      { waiting: { reason: "ErrImagePull", message: "no" } },
      { waiting: { reason: "ErrImagePull", message: "no" } },
    ],
    ["runs", running, { running: { startedAt: TIME } }],
    [
      "has failed",
      { latest: endedState(1, "debug") },
      { terminated: expect.objectContaining({ exitCode: 1, reason: "Error" }) },
    ],
  ])("an ephemeral container that %s leaves the pod as it is", (_title, facts, state) => {
    const status = debugOf(facts);
    expect(status.ephemeralContainerStatuses).toEqual([
      expect.objectContaining({ name: "debug", ready: false, restartCount: 0, state }),
    ]);
    expect(status.ephemeralContainerStatuses?.[0]).not.toHaveProperty("started");
    expect(status.phase).toBe("Running");
    expect(conditionsOf(status)).toEqual(conditionsOf(statusOf({ facts: { app: running } })));
  });

  it("has the end of its own containers, however an ephemeral one ended", () => {
    const spec: Partial<PodSpec> = { ...withDebug, restartPolicy: "Never" };
    const facts = { app: { latest: endedState(0) }, debug: { latest: endedState(1, "debug") } };
    expect(statusOf({ spec, facts, rest: { over: true } }).phase).toBe("Succeeded");
  });
});

it.each<[Container["resources"], string]>([
  [undefined, "BestEffort"],
  [{ requests: { cpu: "1" } }, "Burstable"],
  [{ limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed"],
  [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }, "Burstable"],
])("qosClass of %j is %s", (resources, expected) => {
  const containers = [testContainer(resources === undefined ? {} : { resources })];
  expect(qosClass(testPod({ containers }))).toBe(expected);
});
