import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "@kubehop/client";
import { waitFor } from "@kubehop/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type EngineRelay, startEngineRelay } from "../../testing/engine-relay.ts";
import { pod, type RuntimeUnderTest, sleeper } from "../../testing/runtime.stories.ts";
import { startTestEngine, type TestEngine } from "../../testing/test-engine.ts";
import type { ContainerState, Runtime } from "../runtime.ts";
import { connectDockerNode, type DockerNode } from "./connect.ts";

let testEngine: TestEngine;
let relay: EngineRelay;
let node: DockerNode;
let runtime: Runtime;
let test: RuntimeUnderTest;
let said: string[] = [];

const note = (_fields: unknown, message: unknown): void => void said.push(String(message));
const logger = { debug() {}, info: note, warn: note, error: note } as unknown as Logger;

beforeAll(async () => {
  testEngine = await startTestEngine();
  const directory = mkdtempSync(join(tmpdir(), "kubehop-away-"));
  test = { directory, image: testEngine.image, reopen: () => Promise.resolve(runtime) };
});

afterAll(async () => {
  await testEngine?.[Symbol.asyncDispose]();
  rmSync(test.directory, { recursive: true, force: true });
});

beforeEach(async () => {
  said = [];
  relay = await startEngineRelay(testEngine.endpoint);
  const { network, ownImage: image } = testEngine;
  const label = "kubehop.dev/namespace";
  node = await connectDockerNode({ endpoint: relay.endpoint, network, image, label, logger });
  ({ runtime } = node);
});

afterEach(async () => {
  await relay.start().catch(() => undefined);
  await waitFor(() => runtime.problem() === undefined, { timeoutMs: 60_000 });
  await node.runtime.removeAll();
  await node[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
});

async function started(uid: string): Promise<string> {
  await runtime.runSandbox(pod(uid));
  const state = await runtime.startContainer(uid, sleeper(uid, test));
  return state.containerId?.replace("docker://", "") ?? "";
}

function stateOf(uid: string): ContainerState | undefined {
  return runtime.list(uid)[0]?.containers[0];
}

describe("an engine that goes away", () => {
  it("loses nothing: pods stay as they were, and what happened meanwhile is seen", async () => {
    const killed = await started("pod-killed");
    await started("pod-stays");
    await relay.stop();
    const problem = await waitFor(() => runtime.problem());
    expect(problem.message).not.toBe("");
    await testEngine.post(`/containers/${killed}/kill`);
    expect(stateOf("pod-killed")?.phase).toBe("running");
    await expect(runtime.runSandbox(pod("pod-new"))).rejects.toThrow(
      /cannot reach the Docker Engine at unix:.*docker.sock: connect ENOENT/,
    );
    await relay.start();
    await waitFor(() => stateOf("pod-killed")?.exitCode === 137, { timeoutMs: 30_000 });
    await waitFor(() => runtime.problem() === undefined);
    expect(stateOf("pod-stays")?.phase).toBe("running");
    expect(said).toEqual([
      "container engine found",
      "container engine is away, pods keep their last known state; will retry",
      "container engine is back",
    ]);
  });

  it("loses no signal that was sent meanwhile", async () => {
    await started("pod-signal");
    await relay.stop();
    await waitFor(() => runtime.problem());
    runtime.signalContainer({ podUid: "pod-signal", name: "app", attempt: 0 }, "SIGTERM");
    await relay.start();
    await waitFor(() => stateOf("pod-signal")?.exitCode === 143, { timeoutMs: 30_000 });
  });

  it("is asked again when it has left a single question unanswered", async () => {
    const killed = await started("pod-unanswered");
    relay.cutNext(`/containers/${killed}/json`);
    await testEngine.post(`/containers/${killed}/kill`);
    await waitFor(() => stateOf("pod-unanswered")?.exitCode === 137, { timeoutMs: 30_000 });
  });

  it("is noticed when it only hangs", async () => {
    const killed = await started("pod-hang");
    relay.hang();
    await waitFor(() => runtime.problem(), { timeoutMs: 40_000 });
    await testEngine.post(`/containers/${killed}/kill`);
    await relay.stop();
    await relay.start();
    await waitFor(() => stateOf("pod-hang")?.exitCode === 137, { timeoutMs: 30_000 });
  });
});

it("an engine that is not there is named, and waited for", async () => {
  await relay.stop();
  const label = "kubehop.dev/namespace";
  const { network, ownImage: image } = testEngine;
  const options = { endpoint: relay.endpoint, network, image, label, logger };
  const connecting = connectDockerNode(options);
  await waitFor(() => said.includes("container engine not there yet, waiting"));
  await relay.start();
  await using late = await connecting;
  expect(late.runtime.problem()).toBe(undefined);
});
