import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../testing/api-server.ts";

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;

let server: TestApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: crontabs.stable.example.com
spec:
  group: stable.example.com
  scope: Namespaced
  names: { plural: crontabs, kind: CronTab, shortNames: [ct], categories: [all] }
  versions:
    - name: v1
      served: true
      storage: true
      subresources:
        status: {}
        scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas }
      additionalPrinterColumns:
        - { name: Spec, type: string, jsonPath: .spec.cronSpec }
        - { name: Replicas, type: integer, jsonPath: .spec.replicas }
      schema:
        openAPIV3Schema:
          type: object
          description: Runs something now and then.
          properties:
            spec:
              type: object
              required: [cronSpec]
              properties:
                cronSpec: { type: string, description: When it runs. }
                replicas: { type: integer, default: 1 }
            status:
              type: object
              properties: { replicas: { type: integer } }
`;

const OBJECT = `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: { name: my, labels: { app: my } }
spec: { cronSpec: "* * * * */5" }
`;

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

async function kubectl(...words: string[]): Promise<Outcome> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: server.directory };
  const args = ["--kubeconfig", server.kubeconfig, ...words];
  try {
    return await promisify(execFile)("kubectl", args, { env });
  } catch (error) {
    return error as Outcome;
  }
}

async function file(name: string, text: string): Promise<string> {
  const path = join(server.directory, name);
  await writeFile(path, text);
  return path;
}

describe.skipIf(!hasKubectl)("stock kubectl and a custom kind", () => {
  it("creates it, and waits until it is established", async () => {
    const path = await file("definition.yaml", DEFINITION);
    const created = await kubectl("create", "-f", path);
    expect(created.stdout).toContain("customresourcedefinition.apiextensions.k8s.io/crontabs");
    const waited = await kubectl(
      "wait",
      "--for=condition=established",
      "crd/crontabs.stable.example.com",
      "--timeout=100s",
    );
    expect(waited.stdout).toContain("condition met");
    await kubectl("create", "-f", await file("object.yaml", OBJECT));
  });

  it("finds it among the resources, by its short name and in its categories", async () => {
    const { stdout } = await kubectl("api-resources", "--api-group=stable.example.com");
    expect(stdout).toMatch(/crontabs\s+ct\s+stable.example.com\/v1\s+true\s+CronTab/);
    expect((await kubectl("get", "ct", "--no-headers")).stdout).toMatch(
      /^my\s+\* \* \* \* \*\/5\s+1/,
    );
    expect((await kubectl("get", "all")).stdout).toContain("crontab.stable.example.com/my");
  });

  it("explains it", async () => {
    const { stdout } = await kubectl("explain", "crontabs.spec");
    expect(stdout).toContain("cronSpec\t<string> -required-");
    expect(stdout).toContain("When it runs.");
    expect((await kubectl("explain", "crd.spec.names")).stdout).toContain("shortNames");
    expect((await kubectl("explain", "pod.spec")).stdout).toContain(
      "containers\t<[]Container> -required-",
    );
    const deep = "crd.spec.versions.schema.openAPIV3Schema.properties";
    expect((await kubectl("explain", deep)).stdout).toContain("<map[string]JSONSchemaProps>");
  });

  it("applies it in both ways, and tells what is unknown or wrong", async () => {
    const path = await file("applied.yaml", OBJECT.replace("name: my", "name: applied"));
    expect((await kubectl("apply", "-f", path)).stdout).toContain("applied created");
    const changed = OBJECT.replace("name: my", "name: applied").replace("*/5", "*/7");
    await writeFile(path, changed);
    expect((await kubectl("apply", "-f", path)).stdout).toContain("applied configured");
    expect((await kubectl("apply", "-f", path)).stdout).toContain("applied unchanged");
    const ours = await kubectl("apply", "--server-side", "--force-conflicts", "-f", path);
    expect(ours.stdout).toContain("applied serverside-applied");
    expect((await kubectl("diff", "-f", path)).stdout).toBe("");
    await writeFile(path, `${changed}\nextra: 1\n`);
    expect((await kubectl("apply", "-f", path)).stderr).toContain('unknown field "extra"');
    const wrong = await kubectl("patch", "ct", "my", "--type=merge", '-p={"spec":{"cronSpec":7}}');
    expect(wrong.stderr).toContain(
      'spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"',
    );
  });

  it("scales, labels, edits its status and deletes it", async () => {
    expect((await kubectl("scale", "ct/my", "--replicas=4")).stdout).toContain("scaled");
    const replicas = await kubectl("get", "ct", "my", "-o", "jsonpath={.spec.replicas}");
    expect(replicas.stdout).toBe("4");
    await kubectl("label", "ct", "my", "more=yes");
    expect((await kubectl("get", "ct", "-l", "more=yes", "-o", "name")).stdout.trim()).toBe(
      "crontab.stable.example.com/my",
    );
    const patch = ["patch", "ct", "my", "--subresource=status", "--type=merge"];
    await kubectl(...patch, '-p={"status":{"replicas":4}}');
    expect((await kubectl("get", "ct", "my", "-o", "jsonpath={.status.replicas}")).stdout).toBe(
      "4",
    );
    expect((await kubectl("delete", "ct", "my")).stdout).toContain("deleted");
  });

  it("deletes the definition with what is left", async () => {
    const deleted = await kubectl("delete", "crd", "crontabs.stable.example.com", "--timeout=100s");
    expect(deleted.stdout).toContain("deleted");
    expect((await kubectl("get", "crontabs")).stderr).toContain(
      "could not find the requested resource",
    );
  });
});
