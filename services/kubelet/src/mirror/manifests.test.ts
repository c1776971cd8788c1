import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@kubehop/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { followManifests } from "./manifests.ts";
import { keyOf, type StaticPodSource } from "./static-pod.ts";

let directory: string;
let source: StaticPodSource | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-manifests-"));
});
afterEach(async () => {
  await source?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function write(file: string, name: string, ip = "10.244.1.21"): void {
  const annotations = { "kubehop.dev/ip": ip };
  const containers = [{ name: "app", image: "x" }];
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, annotations },
    spec: { containers },
  };
  place(file, JSON.stringify(pod));
}

/** All at once: who follows the directory must not see half of a file. */
function place(file: string, text: string): void {
  writeFileSync(join(directory, `${file}.new`), text);
  renameSync(join(directory, `${file}.new`), join(directory, file));
}

async function follow(path = directory): Promise<{ source: StaticPodSource; told: string[] }> {
  const told: string[] = [];
  source = await followManifests({ path, podCidrs: ["10.244.1.0/24"], intervalMs: 20 });
  source.onProblem(({ message }) => told.push(message));
  return { source, told };
}

it("follows the files of a directory as they come, change and go", async () => {
  write("a.yaml", "a");
  writeFileSync(join(directory, "README.md"), "not a pod");
  const { source } = await follow();
  const names = (): string[] => source.list().map(keyOf);
  expect(names()).toEqual(["default/a"]);
  const changed: string[] = [];
  source.onChange((keys) => changed.push(...keys));
  write("b.json", "b");
  await waitFor(() => names().join() === "default/a,default/b");
  write("b.json", "bb");
  await waitFor(() => names().join() === "default/a,default/bb");
  rmSync(join(directory, "a.yaml"));
  await waitFor(() => names().join() === "default/bb");
  expect(new Set(changed)).toEqual(new Set(["default/b", "default/bb", "default/a"]));
});

it("keeps the pods of a file that becomes wrong, and tells why once", async () => {
  write("a.yaml", "a");
  const { source, told } = await follow(join(directory, "a.yaml"));
  place("a.yaml", "apiVersion: v1\nkind: [");
  await waitFor(() => told.length > 0);
  expect(told[0]).toMatch(/a\.yaml:2: .*; the file's pods stay as they were$/);
  expect(source.list().map(keyOf)).toEqual(["default/a"]);
  write("a.yaml", "other");
  await waitFor(() => source.list().map(keyOf).join() === "default/other");
  expect(told).toHaveLength(1);
});

it("tells of addresses out of range, of repeated names and of a path that is not there", async () => {
  write("a.yaml", "a");
  write("b.yaml", "a", "10.244.1.22");
  write("c.yaml", "c", "10.9.9.9");
  const { source, told } = await follow();
  expect(source.list().map(({ ips }) => ips)).toEqual([["10.244.1.21"]]);
  expect(told).toEqual([
    expect.stringContaining("10.9.9.9 is outside the node's pod CIDR 10.244.1.0/24"),
    expect.stringContaining("b.yaml: pod default/a is at "),
  ]);
  await using missing = await followManifests({ path: join(directory, "no"), podCidrs: [] });
  const problems: string[] = [];
  missing.onProblem(({ message }) => problems.push(message));
  expect(problems).toEqual([expect.stringContaining("--pod-manifest-path: ENOENT")]);
});

it("cannot enter its containers nor read their logs", async () => {
  write("a.yaml", "a");
  const { source } = await follow();
  const container = source.list()[0]?.containers.get("app");
  expect(() => container?.exec(["ls"])).toThrow("the kubelet cannot run commands in it");
  expect(() => container?.log({})).toThrow("the kubelet cannot read its log");
});
