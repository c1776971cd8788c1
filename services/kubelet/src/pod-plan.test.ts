import type { Container, PodSpec } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { type ContainerView, type PodPlan, planPod, shouldRestart } from "./pod-plan.ts";
import { endedState, testContainer, testPod, testState } from "./testing/objects.ts";

interface Scene {
  readonly spec?: Partial<PodSpec>;
  readonly views?: Readonly<Record<string, ContainerView>>;
  readonly ending?: boolean;
  readonly begun?: boolean;
  readonly backoff?: Readonly<Record<string, number>>;
}

const runs = (name: string): ContainerView => ({ latest: testState({ name }), started: true });
const ended = (code: number, name: string, attempt = 0): ContainerView => {
  return { latest: endedState(code, name, attempt), started: false };
};
const once = (name: string): Container => testContainer({ name });
const sidecar = (name: string): Container => testContainer({ name, restartPolicy: "Always" });

function plan({
  spec = {},
  views = {},
  ending = false,
  begun = false,
  backoff = {},
}: Scene): PodPlan {
  return planPod({
    pod: testPod(spec),
    ending,
    begun,
    containerOf: (name) => views[name] ?? { started: false },
    backoffUntil: ({ name }) => backoff[name],
  });
}

/** A plan in short: `start app 0`, `stop app`, `wait app`. */
function told(scene: Scene): string[] {
  return plan(scene).actions.map((action) => {
    if (action.kind === "stop") return `stop ${action.id.name}`;
    const attempt = action.kind === "start" ? ` ${action.attempt}` : "";
    return `${action.kind} ${action.container.name}${attempt}`;
  });
}

const withInit: Partial<PodSpec> = {
  initContainers: [once("first"), sidecar("mesh"), once("last")],
};

const withDebug: Partial<PodSpec> = { ephemeralContainers: [once("debug")] };
const bothRun = { app: runs("app"), debug: runs("debug") };

describe("planPod", () => {
  it.each<[string, Scene, string[]]>([
    ["a new pod starts its containers", {}, ["start app 0"]],
    ["a running one is left alone", { views: { app: runs("app") }, begun: true }, []],
    ["an ended one is started again", { views: { app: ended(0, "app") } }, ["start app 1"]],
    ["unless it must wait", { views: { app: ended(1, "app") }, backoff: { app: 9 } }, ["wait app"]],
    [
      "an unhealthy one is stopped first",
      { views: { app: { ...runs("app"), unhealthy: "failed" } } },
      ["stop app"],
    ],
    ["init containers come first", { spec: withInit }, ["start first 0"]],
    ["one at a time", { spec: withInit, views: { first: runs("first") } }, []],
    [
      "a sidecar is started in its place",
      { spec: withInit, views: { first: ended(0, "first") } },
      ["start mesh 0"],
    ],
    [
      "what follows waits until it has started",
      {
        spec: withInit,
        views: { first: ended(0, "first"), mesh: { latest: testState(), started: false } },
      },
      [],
    ],
    [
      "then the next init container runs",
      { spec: withInit, views: { first: ended(0, "first"), mesh: runs("mesh") } },
      ["start last 0"],
    ],
    [
      "a failed init container is tried again",
      { spec: withInit, views: { first: ended(1, "first") } },
      ["start first 1"],
    ],
    [
      "after all of them the others start",
      {
        spec: withInit,
        views: { first: ended(0, "first"), mesh: runs("mesh"), last: ended(0, "last") },
      },
      ["start app 0"],
    ],
    [
      "a sidecar that ended later is started again, and nothing waits for it",
      {
        spec: withInit,
        begun: true,
        views: {
          first: ended(0, "first"),
          mesh: ended(0, "mesh", 4),
          last: ended(0, "last"),
          app: runs("app"),
        },
      },
      ["start mesh 5"],
    ],
    [
      "at the end the others stop before the sidecars",
      { spec: withInit, ending: true, views: { mesh: runs("mesh"), app: runs("app") } },
      ["stop app"],
    ],
    [
      "sidecars stop from the last to the first",
      {
        spec: { initContainers: [sidecar("one"), sidecar("two")] },
        ending: true,
        views: { one: runs("one"), two: runs("two") },
      },
      ["stop two"],
    ],
    [
      "a pod that has done its work stops its sidecars",
      {
        spec: { restartPolicy: "Never", initContainers: [sidecar("mesh")] },
        begun: true,
        views: { mesh: runs("mesh"), app: ended(0, "app") },
      },
      ["stop mesh"],
    ],
    [
      "an ephemeral container is started beside those that run",
      { spec: withDebug, begun: true, views: { app: runs("app") } },
      ["start debug 0"],
    ],
    [
      "beside an init container that runs",
      { spec: { ...withInit, ...withDebug }, views: { first: runs("first") } },
      ["start debug 0"],
    ],
    [
      "and beside one that waits to be started again, when it need not wait itself",
      { spec: withDebug, views: { app: ended(1, "app") }, backoff: { app: 9 } },
      ["start debug 0", "wait app"],
    ],
    [
      "one that could not be started waits as others do",
      { spec: withDebug, views: { app: runs("app") }, backoff: { debug: 9 } },
      ["wait debug"],
    ],
    ["one that runs is left alone", { spec: withDebug, views: bothRun }, []],
    [
      "one that has ended is not started again, whatever its end",
      { spec: withDebug, views: { app: runs("app"), debug: ended(1, "debug") } },
      [],
    ],
    [
      "it stops with the pod",
      { spec: withDebug, ending: true, views: bothRun },
      ["stop app", "stop debug"],
    ],
    [
      "it does not keep a pod that has done its work",
      {
        spec: { ...withDebug, restartPolicy: "Never" },
        begun: true,
        views: { ...bothRun, app: ended(0, "app") },
      },
      ["stop debug"],
    ],
    [
      "none is started in a pod that has done its work",
      {
        spec: { ...withDebug, restartPolicy: "Never" },
        begun: true,
        views: { app: ended(0, "app") },
      },
      [],
    ],
  ])("%s", (_title, scene, expected) => {
    expect(told(scene)).toEqual(expected);
  });

  it("fails the pod with an init container that is not tried again", () => {
    const spec: Partial<PodSpec> = { restartPolicy: "Never", initContainers: [once("first")] };
    const failed = plan({ spec, views: { first: ended(2, "first") } });
    expect(failed).toEqual({ actions: [], initFailed: true, over: true });
  });

  it("is over when nothing runs and nothing will", () => {
    expect(plan({ ending: true }).over).toBe(true);
    expect(plan({ ending: true, views: { app: runs("app") } }).over).toBe(false);
    const spec: Partial<PodSpec> = { restartPolicy: "OnFailure" };
    expect(plan({ spec, views: { app: ended(0, "app") } }).over).toBe(true);
    expect(plan({ spec, views: { app: ended(1, "app") } }).over).toBe(false);
  });
});

describe("shouldRestart", () => {
  it.each([
    ["Always", 0, true],
    ["Always", 1, true],
    ["OnFailure", 0, false],
    ["OnFailure", 1, true],
    ["Never", 1, false],
  ] as const)("%s after exit code %i: %s", (restartPolicy, code, expected) => {
    expect(shouldRestart(testPod({ restartPolicy }), testContainer(), code)).toBe(expected);
  });

  it("restarts sidecars always and other init containers only after a failure", () => {
    const pod = testPod({ initContainers: [once("init"), sidecar("mesh")] });
    expect(shouldRestart(pod, once("init"), 0)).toBe(false);
    expect(shouldRestart(pod, once("init"), 1)).toBe(true);
    expect(shouldRestart(testPod({ restartPolicy: "Never" }), sidecar("mesh"), 0)).toBe(true);
  });
});
