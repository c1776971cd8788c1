import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { type Reports, runScenario, sandboxProblem } from "./testing/in-sandbox.ts";

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
const problem = hasKubectl ? sandboxProblem("self") : "kubectl is not installed";

describe.skipIf(problem !== undefined)(`kubectl and a pod that runs ${problem ?? ""}`, () => {
  let reports: Reports = {};
  beforeAll(async () => {
    reports = await runScenario("kubectl", "self");
  }, 240_000);

  it("forwards ports, also of programs that listen on the pod's loopback alone", () => {
    expect(reports["portForward"]).toEqual({
      everywhere: "everywhere /x",
      loopback: "loopback /x",
      many: 1,
      nobody: "refused",
      error: true,
    });
  });

  it("attaches to what a container writes", () => {
    expect(reports["attach"]).toBe("tick");
  });

  it("copies files into a pod", () => {
    expect(reports["copy"]).toBe("copied");
  });

  it("reaches pods and kubelets through the proxy", () => {
    expect(reports["proxy"]).toEqual({ pod: "everywhere /y?z=1", node: "ok" });
  });

  it("adds a container that runs once in the pod's network, and leaves the pod as it is", () => {
    const { status, events, described, ...rest } = reports["debugOnce"] as Record<string, unknown>;
    expect(rest).toEqual({
      phase: "Running",
      ready: true,
      restarts: 0,
      logs: "loopback /from\n",
      listed: expect.stringMatching(/^server +1\/1 +Running +0 /),
    });
    expect(status).toEqual({
      name: "fetcher",
      image: "busybox",
      imageID: expect.any(String),
      containerID: expect.stringMatching(/^netns:\/\//),
      restartCount: 0,
      ready: false,
      state: { terminated: expect.objectContaining({ exitCode: 0, reason: "Completed" }) },
      lastState: {},
    });
    expect(events).toEqual(["Created", "Started"]);
    expect(described).toMatch(
      /^Ephemeral Containers:\n {2}fetcher:\n[^]*^ {4}State: +Terminated$/m,
    );
    expect(described).toMatch(/^ {2}Normal +Started .* Started container fetcher$/m);
  });

  it("feeds an ephemeral shell from a pipe, which sees the processes of its target", () => {
    expect(reports["debugPiped"]).toEqual({
      code: 0,
      output: expect.stringMatching(/^(?:Targeting container "app".*\n)?typed 42\nsees app\n$/),
    });
  });

  it("waits with an ephemeral container whose image there is not", () => {
    expect(reports["debugUnknownImage"]).toEqual({
      ready: true,
      message: expect.stringContaining("example.test/none:1"),
    });
  });

  it("starts an ephemeral container while init containers still run", () => {
    expect(reports["debugBesideInit"]).toEqual({
      phase: "Pending",
      main: "PodInitializing",
      exitCode: 3,
    });
  });

  it("tries an ephemeral container whose program there is not once", () => {
    expect(reports["debugNoProgram"]).toEqual({
      ready: true,
      state: {
        terminated: expect.objectContaining({
          exitCode: 128,
          reason: "StartError",
          message: expect.stringContaining('"no-such-program"'),
        }),
      },
    });
  });

  it("stops an ephemeral container with the pod, whose end it does not hold up", () => {
    // By SIGTERM, or on a slow machine by SIGKILL.
    expect([143, 137]).toContain(reports["debugEndOfPod"]);
  });

  it("finds ephemeral containers again when the kubelet was started anew", () => {
    expect(reports["debugRestartedKubelet"]).toEqual({ same: true, ended: 0, stdout: "there\n" });
  });

  it("drains a node as far as budgets allow, and takes it back", () => {
    expect(reports["drain"]).toEqual({
      refused: true,
      drained: true,
      pod: true,
      unschedulable: [true, false],
    });
  });
});
