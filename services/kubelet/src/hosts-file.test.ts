import { describe, expect, it } from "vitest";
import { podHostname, podHostsFile } from "./hosts-file.ts";
import { testPod } from "./testing/objects.ts";

const node = { clusterDomain: "cluster.local", hostsFile: "127.0.0.1 localhost node\n" };

describe("podHostname", () => {
  it.each([
    [undefined, "pod"],
    ["web", "web"],
    [`${"a".repeat(62)}-b`, "a".repeat(62)],
  ])("%s gives %s", (hostname, expected) => {
    expect(podHostname(testPod(hostname === undefined ? {} : { hostname }))).toBe(expected);
  });
});

describe("podHostsFile", () => {
  it("has the pod's own name at each of its addresses", () => {
    const text = podHostsFile(testPod(), ["10.244.1.2", "fd00::2"], node);
    expect(text).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
    expect(text).toMatch(/\n10\.244\.1\.2\tpod\nfd00::2\tpod\n$/);
  });

  it("has the name under the headless Service first, and the aliases last", () => {
    const hostAliases = [{ ip: "10.0.0.1", hostnames: ["a", "b"] }];
    const text = podHostsFile(testPod({ subdomain: "db", hostAliases }), ["10.244.1.2"], node);
    expect(text).toContain("10.244.1.2\tpod.db.default.svc.cluster.local\tpod\n");
    expect(text).toMatch(/\n# Entries added by HostAliases\.\n10\.0\.0\.1\ta\tb\n$/);
  });

  it("is the node's for a pod of the node's network", () => {
    expect(podHostsFile(testPod({ hostNetwork: true }), ["172.31.0.11"], node)).toBe(
      "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost node\n",
    );
  });
});
