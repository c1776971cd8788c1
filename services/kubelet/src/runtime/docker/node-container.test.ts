import { describe, expect, it } from "vitest";
import { testEngineContainer } from "../../testing/objects.ts";
import type { EngineMount } from "./engine-container.ts";
import { enginePath, mostMounted, parseMounts } from "./node-container.ts";

const ID = "a".repeat(64);
const MOUNTINFO = `
1523 1517 0:120 / / rw,relatime - overlay overlay rw,upperdir=/var/lib/docker/overlay2/x/diff
1530 1523 254:1 /var/lib/docker/volumes/k/_data /var/lib/kubelet rw - ext4 /dev/vda1 rw
1532 1523 254:1 /var/lib/docker/containers/${ID}/hostname /etc/hostname rw - ext4 /dev/vda1 rw
1533 1523 254:1 /var/lib/docker/containers/${ID}/hosts /etc/hosts rw - ext4 /dev/vda1 rw
`;

function mounts(...targets: string[]): EngineMount[] {
  return targets.map((target) => ({ source: `/engine${target}`, target, readOnly: false }));
}

describe("the container a kubelet runs in", () => {
  it("is told by the mounts of the process", () => {
    const { networkOf, targets } = parseMounts(MOUNTINFO);
    expect(networkOf).toBe(ID);
    expect(targets.has("/var/lib/kubelet")).toBe(true);
  });

  it("is none on the engine's machine", () => {
    const line = `30 1 254:1 / /var/lib/docker/containers/${ID}/mounts/shm rw - tmpfs shm rw`;
    expect(parseMounts(line).networkOf).toBe(undefined);
  });

  it("is the one with most of the mounts among those that share a network", () => {
    const node = testEngineContainer({ name: "node-1" });
    const proxy = testEngineContainer({ name: "proxy", mounts: mounts("/credentials") });
    const kubelet = testEngineContainer({
      name: "kubelet",
      // /var/run is a link: the mount is at /run/docker.sock for the process.
      mounts: mounts("/credentials", "/var/lib/kubelet", "/var/run/docker.sock"),
    });
    const targets = new Set(["/", "/credentials", "/var/lib/kubelet", "/run/docker.sock"]);
    expect(mostMounted([node, proxy, kubelet], targets)?.name).toBe("kubelet");
    expect(mostMounted([node, proxy, kubelet], new Set(["/"]))?.name).toBe("node-1");
    expect(mostMounted([node, proxy, kubelet], new Set(["/credentials"]))?.name).toBe("proxy");
  });
});

describe("enginePath", () => {
  const node = {
    id: ID,
    networkOf: ID,
    labels: {},
    mounts: [
      ...mounts("/var/lib", "/var/lib/kubelet"),
      { source: "", target: "/t", readOnly: false },
    ],
  };

  it.each([
    ["/var/lib/kubelet/pods/x", "/engine/var/lib/kubelet/pods/x"],
    ["/var/lib/kubelet", "/engine/var/lib/kubelet"],
    ["/var/lib/kubelets", "/engine/var/lib/kubelets"],
    ["/etc/passwd", undefined],
    ["/t/x", undefined],
  ])("of %s is %s", (path, found) => {
    expect(enginePath(node, path)).toBe(found);
  });

  it("is the path itself on the engine's machine", () => {
    expect(enginePath(undefined, "/etc/passwd")).toBe("/etc/passwd");
  });
});
