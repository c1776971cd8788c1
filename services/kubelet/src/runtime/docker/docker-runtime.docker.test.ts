import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createLogger } from "@kubehop/kit";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  container,
  end,
  failures,
  input,
  pod,
  restart,
  run,
  type RuntimeUnderTest,
  sleeper,
} from "../../testing/runtime.stories.ts";
import { startTestEngine, type TestEngine } from "../../testing/test-engine.ts";
import type { ContainerSpec, Runtime } from "../runtime.ts";
import { connectDockerNode, type DockerNode } from "./connect.ts";

const QUERY = { follow: false, previous: false, timestamps: false };

let directory: string;
let testEngine: TestEngine;
let node: DockerNode;
let runtime: Runtime;
let test: RuntimeUnderTest;

const connect = (network: string = testEngine.network): Promise<DockerNode> =>
  connectDockerNode({
    endpoint: testEngine.endpoint,
    network,
    image: testEngine.ownImage,
    label: "kubehop.dev/namespace",
    logger: createLogger({ name: "test", level: "silent" }),
  });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-docker-"));
  testEngine = await startTestEngine();
  node = await connect();
  ({ runtime } = node);
  const reopen = async (): Promise<Runtime> => {
    const again = await connect();
    const close = async (): Promise<void> => again[Symbol.asyncDispose]();
    return Object.assign(again.runtime, { [Symbol.asyncDispose]: close });
  };
  test = { directory, image: testEngine.image, reopen };
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await testEngine?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const started = async (uid: string, spec: Partial<ContainerSpec> = {}): Promise<void> => {
  await runtime.runSandbox(pod(uid));
  await runtime.startContainer(uid, { ...sleeper(uid, test), ...spec });
};

describe("docker runtime", () => {
  it("gives a container its volumes, its name, its directory and an address", async () => {
    const { ips, output, written } = await container(runtime, { uid: "pod-a", test });
    expect(ips).toEqual([expect.stringContaining(testEngine.subnet)]);
    expect(output).toContain('pod-a\nit\'s "a\ntest" $HOME\n/work dir\nfile\nfrom the volume\n');
    expect(output).toContain("read-only\nwrote\n");
    expect(written).toBe("x\n");
  });

  it("finds its pods again", async () => {
    const found = { running: true, phase: "running", output: "found again\n" };
    expect(await restart("pod-a", test)).toEqual(found);
  });

  it("notices the end of a container and leaves nothing of a removed pod", async () => {
    expect(await end(runtime, { uid: "pod-a", test })).toEqual({
      states: [
        { phase: "exited", exitCode: 143 },
        { phase: "running", exitCode: undefined },
      ],
      left: [],
      log: "started\n",
    });
    const names = (await testEngine.containers()).flatMap(({ Names }) => Names);
    expect(names.filter((name) => name.includes("pod-a"))).toEqual([]);
  });

  it("lets clients write to programs, to one after the other or once", async () => {
    expect(await input(runtime, { uid: "pod-in", test })).toEqual({
      open: "running",
      once: "over",
      terminal: "read",
      none: undefined,
    });
  });

  it("says why a container cannot be started", async () => {
    const told = await failures(runtime, { uid: "pod-b", test });
    expect(told).toEqual({
      program: 'RunContainerError: exec: "no-such-program": executable file not found in $PATH',
      kernel: expect.stringContaining("cannot be mounted because it is inside /proc"),
      directory: expect.stringContaining("/proc/nowhere"),
      sandbox: "the pod's sandbox does not run",
    });
    const [sandbox] = runtime.list("pod-b");
    expect(sandbox?.containers[0]).toMatchObject({ phase: "exited", exitCode: 128 });
  });

  it("gives a command a terminal on demand, and its exit code", async () => {
    await started("pod-c");
    const id = { podUid: "pod-c", name: "app", attempt: 0 };
    const terminal = runtime.exec(id, ["sh", "-c", "tty; echo to both >&2; exit 5"], { tty: true });
    terminal.stdin.end();
    expect(await text(terminal.stdout)).toMatch(/^\/dev\/pts\/0\r\nto both\r\n$/);
    expect(await terminal.exitCode).toBe(5);
    const plain = runtime.exec(id, ["sh", "-c", "cat; echo err >&2; exit 3"]);
    plain.stdin.end("x".repeat(200_000));
    const [stdout, stderr] = await Promise.all([text(plain.stdout), text(plain.stderr)]);
    expect([stdout.length, stderr, await plain.exitCode]).toEqual([200_000, "err\n", 3]);
    const none = runtime.exec(id, ["no-such-program"]);
    none.stdin.end();
    await expect(none.exitCode).resolves.toBeGreaterThanOrEqual(126);
  });

  it("lets a container see the processes of the one it targets, and no other", async () => {
    await started("pod-target");
    const target = { podUid: "pod-target", name: "app", attempt: 0 };
    const look = async (name: string, spec: Partial<ContainerSpec>): Promise<string> => {
      const command = ["tail", "-f", "/dev/null"];
      await started("pod-target", { name, command, ...spec });
      return run(runtime, { ...target, name }, "tr '\\0' ' ' < /proc/1/cmdline");
    };
    expect(await look("sees", { target })).toContain("exit 143");
    expect(await look("alone", {})).toBe("tail -f /dev/null ");
  });

  it("ends the streams of a command that is given up", async () => {
    await started("pod-kill");
    const id = { podUid: "pod-kill", name: "app", attempt: 0 };
    const child = runtime.exec(id, ["sh", "-c", "echo begun; cat; exit 7"]);
    child.stdout.once("data", () => child.kill());
    expect(await child.exitCode).toBe(137);
    expect(child.stdin.destroyed).toBe(true);
  });

  it("follows a log, both streams of it, and stops when the reader leaves", async () => {
    const command = ["sh", "-c", "echo out; echo err >&2; sleep 0.3; echo late; sleep 3600"];
    await started("pod-log", { command });
    const id = { podUid: "pod-log", name: "app", attempt: 0 };
    const gone = new AbortController();
    const lines = await runtime.log(id)?.({ ...QUERY, follow: true }, gone.signal);
    let said = "";
    for await (const bytes of lines ?? []) {
      said += bytes.toString("utf8");
      if (said.includes("late")) gone.abort();
    }
    expect(said.split("\n").sort()).toEqual(["", "err", "late", "out"]);
    const tail = await runtime
      .log(id)?.({ ...QUERY, tailLines: 1, limitBytes: 3 }, gone.signal)
      .catch(() => []);
    expect(tail).toEqual([]);
  });

  it("keeps a container within its limits, and tells one that was killed for them", async () => {
    await started("pod-oom", {
      command: ["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(1e6, 1));"],
      limits: { memoryBytes: 64 * 1_024 * 1_024, cpus: 0.5 },
    });
    const latest = await waitFor(
      () => runtime.list("pod-oom")[0]?.containers.find(({ phase }) => phase === "exited"),
      { timeoutMs: 30_000 },
    );
    expect(latest).toMatchObject({ exitCode: 137, oomKilled: true });
    const [found] = (await testEngine.containers()).filter(({ Names }) =>
      Names.some((name) => name.startsWith("/k8s_app_pod-oom")),
    );
    const { HostConfig } = await testEngine.engine.call<{ HostConfig: object }>({
      method: "GET",
      path: `/containers/${found?.Id}/json`,
    });
    expect(HostConfig).toMatchObject({ Memory: 67_108_864, NanoCpus: 500_000_000 });
  });

  it("tells a paused container at once, and a killed one", async () => {
    await started("pod-pause");
    const state = (): unknown => runtime.list("pod-pause")[0]?.containers[0];
    const { containerId = "" } = state() as { containerId?: string };
    const id = containerId.replace("docker://", "");
    await testEngine.post(`/containers/${id}/pause`);
    await waitFor(() => (state() as { silent?: boolean }).silent === true);
    await testEngine.post(`/containers/${id}/unpause`);
    await waitFor(() => (state() as { silent?: boolean }).silent === undefined);
    await testEngine.post(`/containers/${id}/kill`);
    await waitFor(() => (state() as { exitCode?: number }).exitCode === 137);
  });

  it("keeps the end of the log where a container's last words are to be read there", async () => {
    const command = ["sh", "-c", "echo last words; exit 4"];
    await started("pod-words", { command, lastWordsFromLog: true });
    const lastLines = await waitFor(() => runtime.list("pod-words")[0]?.containers[0]?.lastLines);
    expect(lastLines).toBe("last words\n");
  });

  it("runs programs of kubehop's own image under their names", async () => {
    await started("pod-own", {
      image: "kubehop/sample-app",
      command: [],
      workingDir: "",
      env: { PORT: "8080" },
    });
    const id = { podUid: "pod-own", name: "app", attempt: 0 };
    const child = runtime.exec(id, ["sh", "-c", "tr '\\0' ' ' </proc/1/cmdline"]);
    child.stdin.end();
    expect(await text(child.stdout)).toBe("node /app/sample-app.mjs backend ");
  });

  it.each([
    ["Never", "ErrImageNeverPull", "is not present with pull policy of Never", false],
    ["IfNotPresent", "ErrImagePull", 'failed to pull image "registry.invalid/none:1": ', true],
    ["Always", "ErrImagePull", 'failed to pull image "registry.invalid/none:1": ', true],
  ] as const)("tells of an image that is missing (%s)", async (policy, reason, message, pulls) => {
    const request = { image: "registry.invalid/none:1", policy, hasCommand: true };
    let pulled = false;
    const ensure = runtime.ensureImage(request, () => (pulled = true));
    await expect(ensure).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(message),
    });
    expect(pulled).toBe(pulls);
  });

  it("needs no pull for an image that is there", async () => {
    for (const image of [testEngine.image, "kubehop/sample-app:any"]) {
      const request = { image, policy: "IfNotPresent", hasCommand: false } as const;
      expect(await runtime.ensureImage(request, () => undefined)).toBe(false);
    }
  });

  it("takes over the name a dead kubelet's container has", async () => {
    const name = "k8s_POD_pod-name_default_pod-name_0";
    const { Id } = await testEngine.engine.call<{ Id: string }>({
      method: "POST",
      path: "/containers/create",
      query: { name },
      body: { Image: testEngine.image, Labels: { "dev.kubehop.test-run": testEngine.network } },
    });
    await started("pod-name");
    const ids = (await testEngine.containers()).map((found) => found.Id);
    expect(ids).not.toContain(Id);
  });

  it("removes every pod of its node and nothing of others", async () => {
    const other = await testEngine.run({ name: "other", command: ["sleep", "3600"], labels: {} });
    await node.runtime.removeAll();
    expect(runtime.list()).toEqual([]);
    expect((await testEngine.containers()).map(({ Id }) => Id)).toEqual([other]);
  });

  it("says which network there is not", async () => {
    await expect(connect("no-such-network")).rejects.toThrow(
      /the engine has no network "no-such-network"; it has .*bridge/,
    );
  });
});
