import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "@kubehop/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCredentials } from "./credentials.ts";
import { labFiles } from "./state/lab-files.ts";
import { createTopology } from "./topology.ts";

const topology = createTopology({
  nodes: 1,
  serviceCidr: "10.96.0.0/16",
  clusterCidr: "10.244.0.0/16",
});
const files = labFiles(mkdtempSync(join(tmpdir(), "kubehop-pki-")));
const certificate = (name: string): X509Certificate =>
  new X509Certificate(readFileSync(files.pkiFile(name)));

beforeAll(() =>
  writeCredentials({
    labName: "test",
    topology,
    files,
    apiPort: 6443,
    altNames: ["lab.example"],
    gateway: true,
  }),
);
afterAll(() => rmSync(files.directory, { recursive: true, force: true }));

describe("writeCredentials", () => {
  it("certifies every address of the API server", () => {
    const serving = certificate("apiserver.crt");
    expect(serving.checkIssued(certificate("ca.crt"))).toBe(true);
    for (const ip of ["127.0.0.1", "172.31.0.1", "10.96.0.1"]) expect(serving.checkIP(ip)).toBe(ip);
    for (const host of ["localhost", "kubernetes.default.svc"])
      expect(serving.checkHost(host)).toBe(host);
  });

  it("makes the user an administrator of a named context", () => {
    const { server, ca, cert, key } = loadKubeconfig(files.kubeconfig);
    expect(server).toBe("https://127.0.0.1:6443");
    expect(ca).toBe(readFileSync(files.pkiFile("ca.crt"), "utf8"));
    expect(new X509Certificate(cert ?? "").subject).toBe("CN=kubernetes-admin\nO=system:masters");
    expect(key).toContain("PRIVATE KEY");
    expect(readFileSync(files.kubeconfig, "utf8")).toContain("current-context: kubehop-test");
  });

  it("makes a node what Kubernetes calls it", () => {
    const { cert, server } = loadKubeconfig(files.componentKubeconfig("kubelet-node-1"));
    expect(new X509Certificate(cert ?? "").subject).toBe("CN=system:node:node-1\nO=system:nodes");
    expect(server).toBe("https://172.31.0.1:6443");
    expect(certificate("kubelet-node-1.crt").checkIP("172.31.0.11")).toBe("172.31.0.11");
  });

  it("leaves no file that others can read, and no key of the authority", () => {
    const names = readdirSync(files.pki);
    expect(names).not.toContain("ca.key");
    for (const name of names) expect(statSync(files.pkiFile(name)).mode & 0o077).toBe(0);
  });
});
