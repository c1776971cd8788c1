import { describe, expect, it } from "vitest";
import type { ContainerSpec } from "../runtime.ts";
import {
  containerRequest,
  type CreateRequest,
  type NodeContext,
  pauseRequest,
} from "./create-request.ts";
import { createImages, ownImage } from "./images.ts";
import type { Engine } from "./engine.ts";
import { ownContainer } from "./names.ts";

const sandbox = { uid: "u", namespace: "ns", name: "pod", hostname: "host", hostNetwork: false };
const node: NodeContext = {
  network: "net",
  image: "kubehop:dev",
  hostNetworkOf: undefined,
  labels: { "com.docker.compose.project": "lab" },
};

function request(spec: Partial<ContainerSpec> = {}, targetId?: string): CreateRequest {
  const whole: ContainerSpec = {
    name: "app",
    attempt: 2,
    image: "shop:1",
    command: [],
    args: [],
    env: { A: "b=c" },
    workingDir: "",
    mounts: [],
    logPath: "/l/2.log",
    limits: {},
    lastWordsFromLog: false,
    ...spec,
  };
  const own = ownImage(whole.image, node.image);
  return containerRequest(whole, {
    sandbox,
    pauseId: "p1",
    node,
    own: own && { ...own, args: ["backend"] },
    mounts: [{ source: "/m/x", target: "/x", readOnly: true }],
    targetId,
  });
}

describe("containerRequest", () => {
  it.each<[Partial<ContainerSpec>, object]>([
    [{}, { Image: "shop:1" }],
    [{ args: ["a"] }, { Image: "shop:1", Cmd: ["a"] }],
    [{ command: ["c"] }, { Image: "shop:1", Entrypoint: ["c"], Cmd: [] }],
    [
      { command: ["c"], args: ["a"] },
      { Image: "shop:1", Entrypoint: ["c"], Cmd: ["a"] },
    ],
    [{ image: "kubehop/sample-app" }, { Image: "kubehop:dev", Cmd: ["sample-app", "backend"] }],
    [
      { image: "kubehop/dns:1", args: ["--x"] },
      { Image: "kubehop:dev", Cmd: ["dns", "--x"] },
    ],
  ])("%j runs %j", (spec, program) => {
    const { Image, Entrypoint, Cmd } = request(spec);
    expect(JSON.parse(JSON.stringify({ Image, Entrypoint, Cmd }))).toEqual(program);
  });

  it("joins the pause container and is found again by its labels", () => {
    const { HostConfig, Labels, Env } = request();
    expect(Env).toEqual(["A=b=c"]);
    expect(HostConfig).toMatchObject({
      NetworkMode: "container:p1",
      IpcMode: "container:p1",
      RestartPolicy: { Name: "no" },
      Mounts: [{ Type: "bind", Source: "/m/x", Target: "/x", ReadOnly: true }],
    });
    expect(Labels).toMatchObject({ "com.docker.compose.project": "lab" });
    const id = { podUid: "u", name: "app", attempt: 2 };
    expect(ownContainer({ labels: Labels }, "net")).toEqual({
      type: "container",
      id,
      spec: sandbox,
    });
    expect(ownContainer({ labels: Labels }, "other")).toBe(undefined);
    expect(ownContainer({ labels: {} }, "net")).toBe(undefined);
  });

  it.each([
    [undefined, undefined],
    ["c9", "container:c9"],
  ])("sees the processes of the container it targets: %s", (targetId, mode) => {
    expect(request({}, targetId).HostConfig["PidMode"]).toBe(mode);
  });

  it.each([
    [{}, {}],
    [{ memoryBytes: 1e8 }, { Memory: 1e8, MemorySwap: 1e8 }],
    [{ memoryBytes: 1 }, { Memory: 6_291_456, MemorySwap: 6_291_456 }],
    [{ cpus: 0.5 }, { NanoCpus: 5e8 }],
    [{ cpus: 0.001 }, { NanoCpus: 1e7 }],
  ])("limits %j are %j", (limits, expected) => {
    const { Memory, MemorySwap, NanoCpus } = request({ limits }).HostConfig;
    expect(JSON.parse(JSON.stringify({ Memory, MemorySwap, NanoCpus }))).toEqual(expected);
  });
});

describe("pauseRequest", () => {
  it("is on the node's network, can do nothing and is found again", () => {
    const { Image, Hostname, HostConfig, Labels } = pauseRequest(sandbox, node);
    expect({ Image, Hostname }).toEqual({ Image: "kubehop:dev", Hostname: "host" });
    expect(HostConfig).toMatchObject({
      NetworkMode: "net",
      CapDrop: ["ALL"],
      ReadonlyRootfs: true,
    });
    expect(ownContainer({ labels: Labels }, "net")).toEqual({ type: "podsandbox", spec: sandbox });
  });

  it.each([
    [undefined, "host"],
    ["n1", "container:n1"],
  ])("shares the network of the node's container %s", (hostNetworkOf, mode) => {
    const spec = { ...sandbox, hostNetwork: true };
    const { HostConfig, Hostname } = pauseRequest(spec, { ...node, hostNetworkOf });
    expect([HostConfig["NetworkMode"], Hostname]).toEqual([mode, undefined]);
  });
});

it.each([
  ["shop", { fromImage: "shop", tag: "latest" }],
  ["shop:1", { fromImage: "shop", tag: "1" }],
  ["host:5000/shop", { fromImage: "host:5000/shop", tag: "latest" }],
  ["host:5000/shop:1", { fromImage: "host:5000/shop", tag: "1" }],
  ["shop@sha256:1", { fromImage: "shop@sha256:1" }],
])("an image is pulled by one tag: %s", async (image, query) => {
  const asked: unknown[] = [];
  const engine = {
    stream: (request: { query: unknown }) => {
      asked.push(request.query);
      return Promise.reject(new Error("no registry"));
    },
  } as unknown as Engine;
  const ensure = createImages(engine, "kubehop:dev").ensure(
    { image, policy: "Always", hasCommand: true },
    () => undefined,
  );
  await expect(ensure).rejects.toThrow(`failed to pull image "${image}": no registry`);
  expect(asked).toEqual([query]);
});
