import { describe, expect, test } from "vitest";
import { runSpecification, sandboxProblem } from "../testing/sandbox.ts";

const MODES = [
  { mode: "nftables", programs: ["nft", "conntrack"] },
  { mode: "iptables", programs: ["iptables-restore", "conntrack"] },
] as const;

describe.each(MODES)("data plane $mode, in a network of its own", ({ mode, programs }) => {
  const problem = sandboxProblem(...programs);

  test(`does all that a data plane must do`, async ({ skip }) => {
    if (problem !== undefined) skip(problem);
    expect(await runSpecification(mode)).toBeGreaterThanOrEqual(14);
  });
});

describe("changes of nftables by netlink, in a network of its own", () => {
  const problem = sandboxProblem("nft");

  test("do what nft does", { timeout: 240_000 }, async ({ skip }) => {
    if (problem !== undefined) skip(problem);
    expect(await runSpecification("netlink")).toBeGreaterThanOrEqual(7);
  });
});
