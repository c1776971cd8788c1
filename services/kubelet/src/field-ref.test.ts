import { describe, expect, it } from "vitest";
import { fieldValue, resourceValue } from "./field-ref.ts";
import { testContainer, testPod } from "./testing/objects.ts";

const addresses = { podIps: ["10.244.1.2", "fd00::2"], hostIps: ["172.31.0.11"] };

describe("fieldValue", () => {
  it.each([
    ["metadata.name", "pod"],
    ["metadata.namespace", "default"],
    ["metadata.uid", "uid-1"],
    ["metadata.labels", 'app="x"'],
    ["metadata.labels['app']", "x"],
    ["metadata.labels['none']", ""],
    ["metadata.annotations", ""],
    ["spec.nodeName", "node-1"],
    ["spec.serviceAccountName", "default"],
    ["status.hostIP", "172.31.0.11"],
    ["status.podIP", "10.244.1.2"],
    ["status.podIPs", "10.244.1.2,fd00::2"],
  ])("%s is %j", (path, value) => {
    expect(fieldValue(testPod(), path, addresses)).toBe(value);
  });

  it.each(["status.phase", "toString", ""])("refuses %j", (path) => {
    expect(() => fieldValue(testPod(), path, addresses)).toThrow(`unsupported fieldPath: ${path}`);
  });
});

describe("resourceValue", () => {
  const resources = { limits: { memory: "64Mi" }, requests: { cpu: "250m" } };
  const node = { cpu: "2", memory: "1Gi" };
  it.each([
    ["limits.memory", undefined, String(64 * 2 ** 20)],
    ["limits.memory", "1Mi", "64"],
    ["requests.cpu", undefined, "1"],
    ["requests.cpu", "1m", "250"],
    ["limits.cpu", undefined, "2"],
    ["requests.memory", undefined, "0"],
  ])("%s / %s is %s", (resource, divisor, value) => {
    const selector = divisor === undefined ? { resource } : { resource, divisor };
    expect(resourceValue(testContainer({ resources }), selector, node)).toBe(value);
  });

  it("refuses what is no resource", () => {
    expect(() => resourceValue(testContainer(), { resource: "limits.gpu" }, node)).toThrow(
      "unsupported container resource: limits.gpu",
    );
  });
});
