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

  it("says that there are no ephemeral containers", () => {
    expect(reports["debug"]).toContain("ephemeral containers are disabled for this cluster");
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
