import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Event, Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstContainer, isReady, type OneNode, startOneNode } from "./testing/one-node.ts";

/** Each process of tests has addresses of its own on the loopback. */
const net = `127.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 256}.`;
const POD_IP = `${net}21`;

let directory: string;
let lab: OneNode;
let status = 200;
let probes = 0;
const server = createServer((_request, answer) => {
  probes += 1;
  answer.statusCode = status;
  answer.end("ok");
});

function manifest(name: string, more = ""): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: my-api}, annotations: {kubehop.dev/ip: ${POD_IP}}}
spec:
  containers:
    - name: app
      image: shop:1
      ports: [{containerPort: 8080}]
      readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1, failureThreshold: 1}
${more}`;
}

const file = (name: string): string => join(directory, name);

/** All at once: the kubelet must not see half of a file. */
function place(name: string, text: string): void {
  writeFileSync(file(`${name}.new`), text);
  renameSync(file(`${name}.new`), file(name));
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-static-"));
  place("a.yaml", manifest("my-api"));
  server.listen(8080, POD_IP);
  await once(server, "listening");
  lab = await startOneNode({
    address: `${net}1`,
    nodeIp: `${net}1`,
    podCidr: `${net}0/24`,
    command: [],
    flags: { "container-runtime": "static", "pod-manifest-path": directory },
    image: "none",
  });
});

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function eventAbout(fits: (event: Event) => boolean): Promise<Event> {
  return waitFor(async () => {
    const { items } = await lab.rest.list(Kinds.Event, { namespace: "default" });
    return items.find(fits);
  });
}

describe("a static list of pods", () => {
  it("becomes mirror pods that are probed over the network", async () => {
    const pod = await lab.waitForPod("my-api", isReady);
    expect(pod).toMatchObject({
      metadata: { labels: { app: "my-api" }, ownerReferences: [{ kind: "Node" }] },
      status: { podIP: POD_IP, phase: "Running" },
    });
    expect(firstContainer(pod)?.containerID).toBe("static://default/my-api/app");
    status = 503;
    await lab.waitForPod("my-api", (candidate) => !isReady(candidate));
    status = 200;
    await lab.waitForPod("my-api", isReady);
  });

  it("is followed as its files change, and keeps its pods while one is wrong", async () => {
    place("b.yaml", manifest("second"));
    await lab.waitForPod("second", isReady);
    place("b.yaml", manifest("second").replace("kind: Pod", "kind: Job"));
    const event = await eventAbout(({ reason }) => reason === "InvalidManifest");
    expect(event.message).toBe(
      `${file("b.yaml")}:2: kind: must be Pod, not "Job"; the file's pods stay as they were`,
    );
    expect(await lab.pod("second")).toBeDefined();
    rmSync(file("b.yaml"));
    await waitFor(async () => (await lab.pod("second")) === undefined);
  });

  it("tells what the API server refuses", async () => {
    place("c.yaml", manifest("refused", "  restartPolicy: Sometimes\n"));
    const event = await eventAbout(({ reason }) => reason === "FailedMirrorPod");
    expect(event.message).toContain("spec.restartPolicy");
    rmSync(file("c.yaml"));
  });

  it("has no logs and runs no commands, and says so", async () => {
    await expect(lab.log("my-api")).rejects.toThrow("the kubelet cannot read its log");
    const { status: ended } = await lab.exec("my-api", "ls");
    expect(ended).toMatchObject({
      message: expect.stringContaining("the kubelet cannot run commands in it"),
    });
  });

  it("keeps other pods off its node, and says why one cannot run there", async () => {
    const node = await lab.rest.get(Kinds.Node, { name: "node-1" });
    expect(node.spec.taints).toMatchObject([{ key: "kubehop.dev/static", effect: "NoSchedule" }]);
    await lab.createPod("placed", {});
    const event = await eventAbout(({ reason }) => reason === "FailedCreatePodSandBox");
    expect(event.message).toContain("this node runs no pods of its own");
    await lab.rest.delete(Kinds.Pod, { namespace: "default", name: "placed" });
    await waitFor(async () => (await lab.pod("placed")) === undefined);
  });

  it("do not keep a kubelet from stopping whose writes get no answer", async () => {
    await lab.waitForPod("my-api", isReady);
    lab.hangApiServer();
    status = 503;
    const before = probes;
    await waitFor(() => probes >= before + 2);
    expect(await lab.stopKubelet()).toBe(0);
  });
});
