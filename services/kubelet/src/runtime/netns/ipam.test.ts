import { describe, expect, it } from "vitest";
import { createIpam } from "./ipam.ts";

const NONE: ReadonlySet<string> = new Set();

describe("createIpam", () => {
  it("gives one address after the other, from .2, and begins again after .254", () => {
    const ipam = createIpam(["10.244.1.0/24"], 1);
    expect(ipam.gateway).toBe("10.244.1.1");
    const given = Array.from({ length: 254 }, () => ipam.allocate(NONE).ips[0]);
    expect(given.slice(0, 2)).toEqual(["10.244.1.2", "10.244.1.3"]);
    expect(given.slice(-2)).toEqual(["10.244.1.254", "10.244.1.2"]);
  });

  it("goes on after the last one of an earlier run and leaves out what is in use", () => {
    const ipam = createIpam(["10.244.1.0/24"], 7);
    expect(ipam.allocate(new Set(["10.244.1.8"]))).toEqual({ ips: ["10.244.1.9"], number: 9 });
  });

  it("gives an address of each family", () => {
    const ipam = createIpam(["10.244.1.0/24", "fd00:10:244:1::/64"], 9);
    expect(ipam.allocate(NONE).ips).toEqual(["10.244.1.10", "fd00:10:244:1::a"]);
  });

  it("says so when none is left", () => {
    const ipam = createIpam(["10.244.1.0/24"], 1);
    const all = new Set(Array.from({ length: 254 }, (_, index) => `10.244.1.${index + 1}`));
    expect(() => ipam.allocate(all)).toThrow("No free pod address left in 10.244.1.0/24");
  });

  it.each(["10.244.1.0/16", "10.244.1.5/24", "fd00::1/64", "fd00::/120", "x"])(
    "refuses %s",
    (cidr) => {
      expect(() => createIpam([cidr], 1)).toThrow(`Pod CIDR "${cidr}"`);
    },
  );
});
