import { X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "@kubehop/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClusterPlan, writeClusterCredentials } from "./cluster-credentials.ts";

const directory = mkdtempSync(join(tmpdir(), "kubehop-credentials-"));
const plan: ClusterPlan = {
  directory,
  apiServer: "https://172.31.0.5:6443",
  apiServerOutside: "https://127.0.0.1:16443",
  apiServerAddresses: ["172.31.0.5", "10.96.0.1"],
  bus: { port: 4222, storeDirectory: "/data" },
  nodes: [{ name: "node-1", ip: "172.31.0.11" }],
};
const read = (path: string): string => readFileSync(join(directory, path), "utf8");
const certificate = (path: string): X509Certificate => new X509Certificate(read(path));

beforeAll(() => writeClusterCredentials(plan));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("writeClusterCredentials", () => {
  it("gives each component what it needs and no key of another", () => {
    const authorityKey = (JSON.parse(read("ca/kept.json")) as { authority: { key: string } })
      .authority.key;
    const folders = readdirSync(directory).filter((name) => name !== "ca");
    expect(folders.toSorted()).toEqual([
      "admin",
      "apiserver",
      "bus",
      "controller-manager",
      "dns",
      "node-1",
    ]);
    for (const folder of folders) {
      for (const name of readdirSync(join(directory, folder))) {
        expect(read(join(folder, name))).not.toContain(authorityKey);
      }
    }
    expect(readdirSync(join(directory, "dns")).toSorted()).toEqual(["bus-password", "ca.crt"]);
  });

  it("certifies the addresses under which the API server and a node are reached", () => {
    for (const ip of ["127.0.0.1", ...plan.apiServerAddresses]) {
      expect(certificate("apiserver/serving.crt").checkIP(ip)).toBe(ip);
    }
    expect(certificate("node-1/serving.crt").checkIP("172.31.0.11")).toBe("172.31.0.11");
    expect(loadKubeconfig(join(directory, "admin/kubeconfig")).server).toBe(plan.apiServer);
    expect(loadKubeconfig(join(directory, "admin/kubeconfig.outside")).server).toBe(
      plan.apiServerOutside,
    );
  });

  it("lets every user into the bus with the password the component has", () => {
    const config = read("bus/nats.conf");
    for (const component of ["apiserver", "controller-manager", "dns", "node-1"]) {
      expect(config).toContain(JSON.stringify(read(`${component}/bus-password`)));
    }
  });

  it("keeps authority, signing key and passwords in a second run, and adds a node", async () => {
    const kept = ["apiserver/ca.crt", "apiserver/sa.pub", "bus/nats.conf", "dns/bus-password"];
    const before = kept.map(read);
    const added = { name: "node-2", ip: "172.31.0.12" };
    await writeClusterCredentials({ ...plan, nodes: [...plan.nodes, added] });
    expect(kept.map(read)).toEqual(before);
    expect(certificate("node-2/serving.crt").checkIssued(certificate("admin/ca.crt"))).toBe(true);
    expect(certificate("node-1/serving.crt").checkIssued(certificate("admin/ca.crt"))).toBe(true);
  });

  it("says what to do when what was kept is damaged", async () => {
    const damaged = mkdtempSync(join(tmpdir(), "kubehop-credentials-"));
    try {
      await writeClusterCredentials({ ...plan, directory: damaged });
      writeFileSync(join(damaged, "ca/kept.json"), "{");
      rmSync(join(damaged, "dns"), { recursive: true });
      await expect(writeClusterCredentials({ ...plan, directory: damaged })).rejects.toThrow(
        /kept\.json is damaged.*\n.*Remove/,
      );
      expect(existsSync(join(damaged, "dns"))).toBe(false);
    } finally {
      rmSync(damaged, { recursive: true, force: true });
    }
  });
});
