import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstContainer, isReady, type OneNode, startOneNode } from "./testing/one-node.ts";
import { adoption, STORIES } from "./testing/pods.stories.ts";
import { startTestEngine, type TestEngine } from "./testing/test-engine.ts";

let testEngine: TestEngine;
let lab: OneNode;
const reports: Record<string, unknown> = {};

beforeAll(async () => {
  testEngine = await startTestEngine();
  const { network, subnet, image, ownImage, endpoint } = testEngine;
  lab = await startOneNode({
    address: `${subnet}1`,
    nodeIp: `${subnet}1`,
    podCidr: `${subnet}0/24`,
    command: [],
    flags: {
      "container-runtime": "docker",
      "docker-endpoint": endpoint,
      "docker-network": network,
      image: ownImage,
    },
    image,
  });
  const told = Object.entries(STORIES).map(async ([name, story]) => {
    reports[name] = await story(lab);
  });
  await Promise.all(told);
});

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await testEngine?.[Symbol.asyncDispose]();
});

describe("kubelet over a Docker Engine", () => {
  it("gives a pod its name, address, DNS, hosts, volumes and credentials; exec tells the exit code", () => {
    const { ip, output, status } = reports["environment"] as Record<string, string>;
    expect(ip).toContain(testEngine.subnet);
    const parts = [
      `named\n/work dir\nhttp://${ip}:80/$(X)\n`,
      "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\n",
      "options ndots:5\n# Kubernetes-managed hosts file.\n",
      `${ip}\tnamed.sub.default.svc.cluster.local\tnamed\n`,
      "10.9.9.9\talias.example\nenvironment\nca.crt\nnamespace\ntoken\n",
      "/usr/share/nginx/html/part/x\n",
      "written\n443\n",
    ];
    for (const part of parts) expect(output).toContain(part);
    expect(status).toMatchObject({
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "3" }] },
    });
  });

  it("gives a command a terminal on demand", () => {
    const { terminal } = reports["environment"] as Record<string, unknown>;
    expect(terminal).toMatchObject({
      output: expect.stringMatching(/^\/dev\/pts\/\d+\r\nnamed\r\n/),
      status: { reason: "NonZeroExitCode", details: { causes: [{ message: "5" }] } },
    });
  });

  it("backs off from a container that keeps ending, and tells its last words", () => {
    const { phase, status, previous, events } = reports["crashLoop"] as Record<string, unknown>;
    expect(phase).toBe("Running");
    expect(status).toMatchObject({
      restartCount: 2,
      ready: false,
      containerID: expect.stringMatching(/^docker:\/\/[0-9a-f]{64}$/),
      imageID: expect.stringMatching(/^sha256:/),
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 7, reason: "Error", message: "last words\n" } },
    });
    expect(previous).toBe("started\n");
    expect(events).toEqual(expect.arrayContaining(["Pulled", "Created", "Started", "BackOff"]));
  });

  it("runs init containers in order and keeps sidecars", () => {
    const output = "first\nsidecar\nsecond\n";
    expect(reports["initContainers"]).toEqual({ output, init: [true, true, true] });
  });

  it("waits for a ConfigMap and starts as soon as it is there", () => {
    const message = 'configmap "late" not found';
    expect(reports["missingConfigMap"]).toEqual({
      waiting: { waiting: { reason: "CreateContainerConfigError", message } },
      restarts: 0,
    });
  });

  it("brings the files of a ConfigMap up to date in a running pod", () => {
    const write = expect.stringContaining("Read-only file system") as string;
    expect(reports["configMapUpdate"]).toEqual({ before: "one", after: "two", write });
  });

  it("tells what the engine says of a missing image and of a missing program", () => {
    expect(reports["unknownImage"]).toEqual({
      reason: "ImagePullBackOff",
      message: expect.stringMatching(
        /ErrImagePull: failed to pull image "example.org\/nothing:1": /,
      ),
    });
    expect(reports["noProgram"]).toEqual({
      message: expect.stringContaining("executable file not found in $PATH"),
      exitCode: 128,
      reason: "StartError",
    });
  });

  it("starts a container anew when its liveness probe fails", () => {
    expect(reports["liveness"]).toMatchObject({ terminated: { reason: "Error" } });
  });

  it("lets a pod come to its end, and keeps one ready while it stops", () => {
    expect(reports["completion"]).toEqual({ state: "Completed", log: "done\n" });
    expect(reports["gracefulStop"]).toEqual({ ready: true });
  });

  it("gives a pod of the node's network the node's address", () => {
    expect(reports["hostNetwork"]).toMatchObject({ ip: `${testEngine.subnet}1` });
  });

  it("tells a pod that was killed for its memory", async () => {
    await lab.createPod("oom", {
      restartPolicy: "Never",
      containers: [
        {
          name: "app",
          image: "busybox",
          command: ["node", "-e", "const a = []; for (;;) a.push(Buffer.alloc(1e6, 1));"],
          resources: { limits: { memory: "64Mi" } },
        },
      ],
    });
    const pod = await lab.waitForPod("oom", ({ status }) => status?.phase === "Failed");
    const terminated = { exitCode: 137, reason: "OOMKilled" };
    expect(firstContainer(pod)?.state?.terminated).toMatchObject(terminated);
  });

  it("lets a container of an ordinary user leave last words and files, and removes them", async () => {
    const script = "echo bye >/dev/termination-log; mkdir /data/d && touch /data/d/f; exit 3";
    await lab.createPod("user", {
      restartPolicy: "Never",
      volumes: [{ name: "data", emptyDir: {} }],
      containers: [
        {
          name: "app",
          image: "kubehop/sample-app",
          command: ["sh", "-c", script],
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
    });
    const pod = await lab.waitForPod("user", ({ status }) => status?.phase === "Failed");
    const terminated = { exitCode: 3, message: "bye\n" };
    expect(firstContainer(pod)?.state?.terminated).toMatchObject(terminated);
    await lab.rest.delete(Kinds.Pod, { namespace: "default", name: "user" });
    await waitFor(async () => (await lab.pod("user")) === undefined);
  });

  it("takes a container's readiness while it is paused", async () => {
    await lab.createPod("paused", {
      containers: [{ name: "app", image: "busybox", command: ["sleep", "3600"] }],
    });
    const pod = await lab.waitForPod("paused", isReady);
    const id = firstContainer(pod)?.containerID?.replace("docker://", "");
    await testEngine.post(`/containers/${id}/pause`);
    await lab.waitForPod("paused", (candidate) => !isReady(candidate));
    await testEngine.post(`/containers/${id}/unpause`);
    const after = await lab.waitForPod("paused", isReady);
    expect(firstContainer(after)?.restartCount).toBe(0);
  });

  it("gives a pod a new sandbox when its pause container is gone", async () => {
    await lab.createPod("lost", {
      containers: [{ name: "app", image: "busybox", command: ["sleep", "3600"] }],
    });
    await lab.waitForPod("lost", isReady);
    const pause = (await testEngine.containers()).find(({ Names }) =>
      Names.some((name) => name.startsWith("/k8s_POD_lost_")),
    );
    await testEngine.post(`/containers/${pause?.Id}/kill`);
    const after = await lab.waitForPod("lost", (pod) => {
      return firstContainer(pod)?.restartCount === 1 && isReady(pod);
    });
    expect(after.status?.podIPs).toHaveLength(1);
  });

  it("finds every pod again after a crash: none is restarted, one that ended meanwhile is", async () => {
    expect(await adoption(lab)).toEqual({
      sameIp: true,
      restarts: 0,
      exec: "page\n",
      exitCode: 0,
    });
  });

  it("leaves nothing of a pod that was deleted", async () => {
    const uids = async (): Promise<unknown[]> =>
      (await testEngine.containers()).filter(({ Names }) =>
        Names.some((name) => name.includes("_environment_")),
      );
    expect(await uids()).toHaveLength(2);
    await lab.rest.delete(Kinds.Pod, { namespace: "default", name: "environment" });
    await waitFor(async () => (await uids()).length === 0);
  });
});
