import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadManifests } from "./load-manifests.ts";
import { describeManifest } from "./manifest.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-manifests-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const put = (name: string, text: string): void => writeFileSync(join(directory, name), text);

it("reads the manifests of a folder by name, and nothing else", async () => {
  put("b.yml", configMap("b"));
  put("a.yaml", configMap("a"));
  put("c.json", JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } }));
  put("README.md", "not a manifest");
  mkdirSync(join(directory, "below"));
  const names = (await loadManifests([directory])).map(describeManifest);
  expect(names).toEqual(["ConfigMap default/a", "ConfigMap default/b", "ConfigMap default/c"]);
});

it("lists the problems of all files at once", async () => {
  put("a.yaml", "kind: [");
  put("b.yaml", configMap("b"));
  put("c.yaml", "apiVersion: v1\nkind: Nothing\n");
  await expect(loadManifests([directory])).rejects.toThrow(
    /a\.yaml:1:8: [\s\S]*c\.yaml:2:1: there is no kind[\s\S]*Nothing was applied/,
  );
});

it("says which path cannot be read or is empty", async () => {
  await expect(loadManifests([join(directory, "none")])).rejects.toThrow(
    "none cannot be read (ENOENT)",
  );
  await expect(loadManifests([directory])).rejects.toThrow("has no *.yaml");
});
