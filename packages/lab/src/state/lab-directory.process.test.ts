import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimLabDirectory, findRunningLab, labDirectory, runningLabs } from "./lab-directory.ts";
import { type LabRecord, readLabRecord } from "./lab-record.ts";
import { identifyProcess } from "./process-identity.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "kubehop-home-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function record(change: Partial<LabRecord> = {}): LabRecord {
  return {
    name: "lab",
    launcher: identifyProcess(process.pid) ?? { pid: 0, startTime: "" },
    nodes: 1,
    serviceCidr: "10.96.0.0/16",
    clusterCidr: "10.244.0.0/16",
    versions: { kubehop: "0", node: "v24" },
    createdAt: "2026-01-01T00:00:00Z",
    ready: false,
    ...change,
  };
}
const dead = { pid: process.pid, startTime: "1" };

describe("claimLabDirectory", () => {
  it("appears with its record and disappears without a trace", async () => {
    const claim = await claimLabDirectory(home, record());
    claim.update({ apiPort: 6443 });
    expect(readLabRecord(claim.path)).toMatchObject({ name: "lab", apiPort: 6443 });
    await claim[Symbol.asyncDispose]();
    expect(readdirSync(join(home, "labs"))).toEqual([]);
  });

  it("refuses a lab that runs, and says how to go on", async () => {
    await claimLabDirectory(home, record());
    await expect(claimLabDirectory(home, record())).rejects.toThrow(
      /A lab "lab" runs already \(process \d+\)\.\nEnd it with: kubehop down --name lab/,
    );
    expect(readdirSync(join(home, "labs"))).toEqual(["lab"]);
  });

  it("gives two at once to one only", async () => {
    const claims = Array.from({ length: 8 }, () => claimLabDirectory(home, record()));
    const settled = await Promise.allSettled(claims);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("sweeps what a dead launcher has left", async () => {
    const left = await claimLabDirectory(home, record({ launcher: dead }));
    writeFileSync(join(left.path, "kubeconfig"), "old");
    const claim = await claimLabDirectory(home, record());
    expect(readdirSync(claim.path)).toEqual(["lab.json"]);
    expect(readdirSync(join(home, "labs"))).toEqual(["lab"]);
  });

  it("explains a home that cannot be made", async () => {
    writeFileSync(join(home, "file"), "");
    await expect(claimLabDirectory(join(home, "file"), record())).rejects.toThrow("KUBEHOP_HOME");
  });
});

describe("running labs", () => {
  it("lists those whose launcher runs and forgets the others", async () => {
    await claimLabDirectory(home, record({ name: "alive" }));
    await claimLabDirectory(home, record({ name: "dead", launcher: dead }));
    expect((await runningLabs(home)).map((lab) => lab.record.name)).toEqual(["alive"]);
    expect(await findRunningLab(home, "dead")).toBeUndefined();
    expect(readdirSync(join(home, "labs"))).toEqual(["alive"]);
    expect(await runningLabs(join(home, "none"))).toEqual([]);
  });

  it.each(["", "Lab", "a/b", "..", "-a", "a".repeat(41)])("refuses the name %j", (name) => {
    expect(() => labDirectory(home, name)).toThrow("cannot be the name of a lab");
  });
});
