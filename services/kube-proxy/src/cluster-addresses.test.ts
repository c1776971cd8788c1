import { describe, expect, it } from "vitest";
import { createClusterMatcher } from "./cluster-addresses.ts";

describe("createClusterMatcher", () => {
  const matches = createClusterMatcher(
    ["10.244.0.0/16", "fd00:244::/56"],
    ["172.31.0.11", "fd00::11"],
  );

  it.each([
    ["10.244.3.7", true],
    ["10.245.0.1", false],
    ["172.31.0.11", true],
    ["172.31.0.12", false],
    ["fd00:244::5", true],
    ["fd00:245::5", false],
    ["fd00::11", true],
    ["", false],
    ["my-api", false],
  ])("%j → %s", (ip, expected) => expect(matches(ip)).toBe(expected));

  it.each(["10.244.0.0", "10.244.0.0/33", "10.244.0.0/", "pods/16", "fd00::/129"])(
    "refuses %j",
    (cidr) => expect(() => createClusterMatcher([cidr], [])).toThrow(`--cluster-cidr: "${cidr}"`),
  );
});
