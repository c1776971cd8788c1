import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@kubehop/kit";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ownEngineProblem, startOwnEngine } from "../../testing/own-engine.ts";
import { pod, type RuntimeUnderTest, run, sleeper } from "../../testing/runtime.stories.ts";
import { startTestEngine } from "../../testing/test-engine.ts";
import type { ContainerState, Runtime } from "../runtime.ts";
import { connectDockerNode } from "./connect.ts";
import type { Engine } from "./engine.ts";

const FROM = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
const IMAGE = process.env["KUBEHOP_IMAGE"] ?? "kubehop:dev";

function stateOf(runtime: Runtime, uid: string): ContainerState | undefined {
  return runtime.list(uid)[0]?.containers[0];
}

async function pidOf(engine: Engine, state: ContainerState | undefined): Promise<number> {
  const id = state?.containerId?.replace("docker://", "") ?? "";
  const path = `/containers/${id}/json`;
  const { State } = await engine.call<{ State: { Pid: number } }>({ method: "GET", path });
  return State.Pid;
}

/** Stopping the engine that everybody uses is no test's right: this one has its own. */
const problem = ownEngineProblem();

describe.skipIf(problem !== undefined)(`an engine that is stopped ${problem ?? ""}`, () => {
  it("keeps its pods until it is started again, and tells what ended meanwhile", async () => {
    await using own = await startOwnEngine(FROM, IMAGE);
    await using testEngine = await startTestEngine(own.endpoint);
    const directory = mkdtempSync(join(tmpdir(), "kubehop-restart-"));
    const { network, image } = testEngine;
    await using node = await connectDockerNode({
      endpoint: own.endpoint,
      network,
      image: IMAGE,
      label: "kubehop.dev/namespace",
      logger: createLogger({ name: "test", level: "silent" }),
    });
    const { runtime } = node;
    const test: RuntimeUnderTest = { directory, image, reopen: () => Promise.resolve(runtime) };
    for (const uid of ["pod-stays", "pod-ends"]) {
      await runtime.runSandbox(pod(uid));
      await runtime.startContainer(uid, sleeper(uid, test));
    }
    const pid = await pidOf(testEngine.engine, stateOf(runtime, "pod-ends"));
    await own.stop();
    await waitFor(() => runtime.problem());
    await expect(runtime.runSandbox(pod("pod-new"))).rejects.toThrow(
      "cannot reach the Docker Engine",
    );
    process.kill(pid, "SIGTERM");
    await waitFor(() => !existsSync(`/proc/${pid}`));
    expect(stateOf(runtime, "pod-ends")?.phase).toBe("running");
    await own.start();
    await waitFor(() => runtime.problem() === undefined, { timeoutMs: 60_000 });
    await waitFor(() => stateOf(runtime, "pod-ends")?.phase === "exited", { timeoutMs: 60_000 });
    expect(stateOf(runtime, "pod-stays")?.phase).toBe("running");
    const id = { podUid: "pod-stays", name: "app", attempt: 0 };
    expect(await run(runtime, id, "echo still here")).toBe("still here\n");
    await node.runtime.removeAll();
    rmSync(directory, { recursive: true });
  });
});
