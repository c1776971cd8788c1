import type { Container } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { podToSpec } from "./pod-to-spec.ts";
import type { ContainerId, ContainerSpec } from "./runtime/runtime.ts";
import { testContainer, testPod, testSources } from "./testing/objects.ts";

function specOf(container: Partial<Container>, target?: ContainerId): ContainerSpec {
  const pod = testPod({
    hostname: "named",
    volumes: [
      { name: "conf", configMap: { name: "conf" } },
      { name: "scratch", emptyDir: {} },
    ],
  });
  return podToSpec(testContainer(container), {
    pod,
    addresses: { podIps: ["10.244.1.2"], hostIps: ["172.31.0.11"] },
    sources: testSources({}),
    allocatable: {},
    attempt: 3,
    volumes: { conf: "/v/conf", scratch: "/v/scratch" },
    files: { hosts: "/f/hosts", resolvConf: "/f/resolv.conf", terminationLog: "/f/last" },
    logPath: "/l/3.log",
    target,
  });
}

describe("podToSpec", () => {
  it("expands variables in command and args, and leaves the rest to the image", () => {
    const spec = specOf({
      command: ["echo", "$(GREETING)"],
      args: ["$(NONE)"],
      env: [{ name: "GREETING", value: "hi" }],
    });
    expect(spec).toMatchObject({
      attempt: 3,
      image: "kubehop/sample-app",
      command: ["echo", "hi"],
      args: ["$(NONE)"],
      env: { GREETING: "hi" },
      workingDir: "",
      limits: {},
      lastWordsFromLog: false,
    });
    expect(specOf({ workingDir: "/srv" })).toMatchObject({
      command: [],
      args: [],
      workingDir: "/srv",
    });
  });

  it("passes on whose processes an ephemeral container is to see", () => {
    const target = { podUid: "uid-1", name: "app", attempt: 2 };
    expect(specOf({}, target).target).toEqual(target);
    expect(specOf({})).not.toHaveProperty("target");
  });

  it("reads the limits", () => {
    const resources = { limits: { memory: "64Mi", cpu: "250m" }, requests: { memory: "1Mi" } };
    expect(specOf({ resources }).limits).toEqual({ memoryBytes: 67_108_864, cpus: 0.25 });
  });

  it("mounts the pod's own files unless the pod mounts something there", () => {
    const volumeMounts = [{ name: "scratch", mountPath: "/etc/hosts", subPath: "hosts" }];
    const targets = specOf({ command: ["sh"], volumeMounts }).mounts.map(({ source, target }) => [
      source,
      target,
    ]);
    expect(targets).toEqual([
      ["/f/resolv.conf", "/etc/resolv.conf"],
      ["/f/last", "/dev/termination-log"],
      ["/v/scratch/hosts", "/etc/hosts"],
    ]);
  });

  it.each<[string, NonNullable<Container["volumeMounts"]>[number], object]>([
    [
      "a ConfigMap is never written",
      { name: "conf", mountPath: "/etc/conf" },
      { source: "/v/conf", target: "/etc/conf", readOnly: true },
    ],
    [
      "subPathExpr is expanded",
      { name: "scratch", mountPath: "/a/../b/", subPathExpr: "$(WHO)/x", readOnly: true },
      { source: "/v/scratch/me/x", target: "/b/", readOnly: true },
    ],
    [
      "a path without slash begins at the root",
      { name: "scratch", mountPath: "data" },
      { source: "/v/scratch", target: "/data", readOnly: false },
    ],
  ])("%s", (_title, mount, expected) => {
    const env = [{ name: "WHO", value: "me" }];
    expect(specOf({ volumeMounts: [mount], env }).mounts.at(-1)).toEqual(expected);
  });

  it.each([
    [{ name: "none", mountPath: "/x" }, 'volumeMount "none" of container "app" names no volume'],
    [{ name: "scratch", mountPath: "/x", subPath: "../y" }, "leads out of its volume"],
    [{ name: "scratch", mountPath: "/x", subPath: "/y" }, "leads out of its volume"],
  ])("refuses %j", (mount, message) => {
    expect(() => specOf({ volumeMounts: [mount] })).toThrow(message);
  });
});
