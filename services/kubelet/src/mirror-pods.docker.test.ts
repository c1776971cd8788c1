import { type Event, Kinds, type Pod } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstContainer, isReady, type OneNode, startOneNode } from "./testing/one-node.ts";
import { remove, startTestEngine, type TestEngine } from "./testing/test-engine.ts";

let testEngine: TestEngine;
let lab: OneNode;

beforeAll(async () => {
  testEngine = await startTestEngine();
  const { network, subnet, image, ownImage, endpoint } = testEngine;
  lab = await startOneNode({
    address: `${subnet}1`,
    nodeIp: `${subnet}1`,
    podCidr: `${subnet}0/25`,
    command: [],
    flags: {
      "container-runtime": "docker",
      "docker-endpoint": endpoint,
      "docker-network": network,
      image: ownImage,
    },
    image,
  });
});

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await testEngine?.[Symbol.asyncDispose]();
});

/** A web server that answers 200 as long as /ready exists, and says what it started as. */
const SERVER = [
  "node",
  "-e",
  `const fs = require("node:fs"); fs.writeFileSync("/ready", "");
   console.log("started as", process.env.HOSTNAME);
   process.on("SIGTERM", () => process.exit(0));
   require("node:http").createServer((_, answer) => {
     answer.statusCode = fs.existsSync("/ready") ? 200 : 503; answer.end("ok");
   }).listen(8080);`,
];

const API_LABELS = {
  "kubehop.dev/namespace": "default",
  "kubehop.dev/labels": "tier=back",
  "kubehop.dev/workload": "my-api",
  "kubehop.dev/ports": "http=8080",
  "kubehop.dev/readiness": "http-get :http/ period=1s timeout=1s failure=1",
  "kubehop.dev/weight": "3",
};

/** The engine writes down what a container said some time after a probe may have found it ready. */
const LOG = { timeout: 60_000 };

const podOf = (name: string): string => `${testEngine.network}-${name}`;

function start(name: string, labels: Record<string, string> = API_LABELS): Promise<string> {
  return testEngine.run({ name, command: SERVER, labels });
}

async function eventAbout(fits: (event: Event) => boolean): Promise<Event> {
  return waitFor(async () => {
    const { items } = await lab.rest.list(Kinds.Event, { namespace: "default" });
    return items.find(fits);
  });
}

describe("labelled containers", () => {
  it("become pods that are probed, with labels, ports, weight and an owner", async () => {
    const id = await start("api");
    const pod = await lab.waitForPod(podOf("api"), isReady);
    expect(pod).toMatchObject({
      metadata: {
        labels: { app: "my-api", "kubehop.dev/workload": "my-api", tier: "back" },
        annotations: {
          "kubehop.dev/weight": "3",
          "kubernetes.io/config.mirror": expect.stringMatching(/^[0-9a-f]{32}$/),
        },
        ownerReferences: [{ kind: "Node", name: "node-1", controller: true }],
      },
      spec: {
        nodeName: "node-1",
        containers: [
          { name: "app", ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }] },
        ],
      },
      status: {
        phase: "Running",
        podIP: expect.stringContaining(testEngine.subnet),
        hostIP: `${testEngine.subnet}1`,
        containerStatuses: [{ containerID: `docker://${id}`, restartCount: 0, ready: true }],
      },
    });
  });

  it("are read and entered through the engine", async () => {
    await expect.poll(() => lab.log(podOf("api")), LOG).toMatch(/^started as [0-9a-f]{12}\n$/);
    const { output, status } = await lab.exec(podOf("api"), "echo $((6 * 7)); exit 4");
    expect(output).toBe("42\n");
    expect(status.details).toMatchObject({ causes: [{ message: "4" }] });
  });

  it("lose readiness when their probe fails, and get it back", async () => {
    await lab.exec(podOf("api"), "rm /ready");
    await lab.waitForPod(podOf("api"), (pod) => !isReady(pod));
    await lab.exec(podOf("api"), "touch /ready");
    await lab.waitForPod(podOf("api"), isReady);
  });

  it("lose readiness while they are paused", async () => {
    const id = idOf(await lab.pod(podOf("api")));
    await testEngine.post(`/containers/${id}/pause`);
    await lab.waitForPod(podOf("api"), (pod) => !isReady(pod));
    await testEngine.post(`/containers/${id}/unpause`);
    await lab.waitForPod(podOf("api"), isReady);
  });

  it("have no address once they are killed, and count their restarts", async () => {
    const id = idOf(await lab.pod(podOf("api")));
    await testEngine.post(`/containers/${id}/kill`);
    await lab.waitForPod(podOf("api"), (pod) => {
      return !isReady(pod) && pod.status?.podIP === undefined;
    });
    await lab.waitForPod(podOf("api"), (pod) => {
      return firstContainer(pod)?.state?.terminated?.exitCode === 137;
    });
    await testEngine.post(`/containers/${id}/start`);
    const again = await lab.waitForPod(podOf("api"), isReady);
    expect(firstContainer(again)).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 137 } },
    });
    await testEngine.post(`/containers/${id}/restart`, { t: "5" });
    await lab.waitForPod(podOf("api"), (pod) => firstContainer(pod)?.restartCount === 2);
    await lab.waitForPod(podOf("api"), isReady);
    const lines = (query?: string) => async () => (await lab.log(podOf("api"), query)).split("\n");
    await expect.poll(lines(), LOG).toHaveLength(2);
    await expect.poll(lines("previous=true"), LOG).toHaveLength(3);
  });

  it("follow their address when it changes", async () => {
    const before = await lab.waitForPod(podOf("api"), isReady);
    const id = idOf(before);
    await testEngine.connect("disconnect", id);
    await waitFor(async () => (await lab.pod(podOf("api"))) === undefined);
    await testEngine.connect("connect", id, `${testEngine.subnet}77`);
    await lab.waitForPod(podOf("api"), (pod) => {
      return pod.status?.podIP === `${testEngine.subnet}77` && isReady(pod);
    });
  });

  it("come back when their mirror is deleted", async () => {
    const { metadata } = await lab.waitForPod(podOf("api"), isReady);
    await lab.rest.delete(Kinds.Pod, { namespace: "default", name: metadata.name });
    const again = await lab.waitForPod(podOf("api"), (pod) => {
      return pod.metadata.uid !== metadata.uid && isReady(pod);
    });
    expect(idOf(again)).not.toBe("");
  });

  it("go on being counted by the next kubelet", async () => {
    const before = await lab.pod(podOf("api"));
    const id = idOf(before);
    const startedAt = Date.parse(firstContainer(before)?.state?.running?.startedAt ?? "");
    await lab.killKubelet();
    // A status has whole seconds: the next kubelet takes two starts within one for the same.
    await waitFor(() => Date.now() >= startedAt + 1_000);
    await testEngine.post(`/containers/${id}/restart`, { t: "5" });
    lab.startKubelet();
    const restarts = (firstContainer(before)?.restartCount ?? 0) + 1;
    await lab.waitForPod(podOf("api"), (pod) => {
      return firstContainer(pod)?.restartCount === restarts && isReady(pod);
    });
  });

  it("are each a pod, and go with their container", async () => {
    const names = ["scaled-1", "scaled-2", "scaled-3"];
    const ids = await Promise.all(names.map((name) => start(name)));
    for (const name of names) await lab.waitForPod(podOf(name), isReady);
    for (const id of ids) await remove(testEngine.engine, id);
    for (const name of names) {
      await waitFor(async () => (await lab.pod(podOf(name))) === undefined);
    }
  });

  it("go while no kubelet looks", async () => {
    const id = await start("gone");
    await lab.waitForPod(podOf("gone"), isReady);
    await lab.killKubelet();
    await remove(testEngine.engine, id);
    lab.startKubelet();
    await waitFor(async () => (await lab.pod(podOf("gone"))) === undefined);
  });

  it("are told of when a label is wrong, with container, label, value and what is accepted", async () => {
    await start("wrong", { ...API_LABELS, "kubehop.dev/weight": "heavy" });
    const event = await eventAbout(({ reason }) => reason === "InvalidLabels");
    expect(event).toMatchObject({
      involvedObject: { kind: "Node", name: "node-1" },
      message:
        `container "${podOf("wrong")}": label kubehop.dev/weight="heavy": ` +
        "accepted: a whole number from 0 to 1000000",
    });
    expect(await lab.pod(podOf("wrong"))).toBe(undefined);
  });

  it("are told of when two want one name, and the second takes it over", async () => {
    const labels = { ...API_LABELS, "kubehop.dev/name": "twice" };
    const first = await start("first", labels);
    await lab.waitForPod("twice", isReady);
    const second = await start("second", labels);
    const event = await eventAbout(({ reason }) => reason === "DuplicatePod");
    expect(event.message).toContain(`container "${podOf("second")}" asks to be pod default/twice`);
    expect(idOf(await lab.pod("twice"))).toBe(first);
    await remove(testEngine.engine, first);
    await lab.waitForPod("twice", (pod) => idOf(pod) === second && isReady(pod));
  });

  it("are told of when the cluster has another pod of that name", async () => {
    await lab.createPod("taken", {
      containers: [{ name: "app", image: "busybox", command: ["sleep", "3600"] }],
    });
    await lab.waitForPod("taken", isReady);
    await start("takes", { ...API_LABELS, "kubehop.dev/name": "taken" });
    await eventAbout(({ message }) => message?.includes("which the cluster has already") === true);
    await lab.rest.delete(Kinds.Pod, { namespace: "default", name: "taken" });
    await lab.waitForPod("taken", (pod) => {
      return pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
    });
  });

  it("are told of when their namespace or their address is not there", async () => {
    await start("nowhere", { ...API_LABELS, "kubehop.dev/namespace": "nowhere" });
    await eventAbout(({ message }) => message?.includes('namespaces "nowhere" not found') === true);
    const id = await start("outside");
    await lab.waitForPod(podOf("outside"), isReady);
    await testEngine.connect("disconnect", id);
    await testEngine.connect("connect", id, `${testEngine.subnet}200`);
    const event = await eventAbout(({ reason }) => reason === "IPOutOfRange");
    expect(event.message).toContain(
      `its address ${testEngine.subnet}200 on network "${testEngine.network}" is outside`,
    );
    await waitFor(async () => (await lab.pod(podOf("outside"))) === undefined);
  });

  it("are ready at once without a probe, which their pod tells", async () => {
    const { "kubehop.dev/readiness": _none, ...labels } = API_LABELS;
    await start("unprobed", labels);
    const pod = await lab.waitForPod(podOf("unprobed"), isReady);
    const event = await eventAbout(({ reason }) => reason === "NoReadinessProbe");
    expect(event.involvedObject.uid).toBe(pod.metadata.uid);
  });
});

function idOf(pod: Pod | undefined): string {
  return firstContainer(pod)?.containerID?.replace("docker://", "") ?? "";
}
