import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiServerProcess } from "@kubehop/testkit";
import { startApiServerProcess } from "../support/api-server-process.ts";
import { hasProgram } from "../support/requirements.ts";

const NO_KUBECTL = hasProgram("kubectl") ? "" : " (skipped: no kubectl on the PATH)";

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(NO_KUBECTL !== "")(`kubectl apply --server-side${NO_KUBECTL}`, () => {
  let server: ApiServerProcess;

  beforeAll(async () => {
    server = await startApiServerProcess();
  });

  afterAll(() => server[Symbol.asyncDispose]());

  function kubectl(...args: readonly string[]): Promise<Result> {
    return new Promise((resolve) => {
      const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory };
      execFile("kubectl", args, { env, timeout: 100_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      });
    });
  }

  async function ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(...args);
    expect([args.join(" "), code, stderr]).toEqual([args.join(" "), 0, ""]);
    return stdout;
  }

  async function manifest(
    name: string,
    replicas: number | undefined,
    image = "a:1",
  ): Promise<string> {
    const file = join(server.directory, `${name}-${replicas}-${image.replace(":", "")}.yaml`);
    const count = replicas === undefined ? "" : `\n  replicas: ${replicas}`;
    await writeFile(
      file,
      `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:${count}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers: [{name: main, image: "${image}", ports: [{containerPort: 8080}]}]
`,
    );
    return file;
  }

  /** `manager operation` of each entry. */
  async function managers(name: string): Promise<string[]> {
    const path =
      'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation} {.subresource}{"\\n"}{end}';
    const text = await ok("get", "deployment", name, "--show-managed-fields", "-o", path);
    return text
      .trim()
      .split("\n")
      .map((line) => line.trim());
  }

  const serverSide = (file: string, ...more: string[]): string[] => [
    "apply",
    "--server-side",
    "-f",
    file,
    ...more,
  ];

  it("creates, changes nothing the second time, and shows who manages what", async () => {
    const file = await manifest("fresh", 2);
    const applied = "deployment.apps/fresh serverside-applied\n";
    expect(await ok(...serverSide(file))).toBe(applied);
    const version = ["get", "deployment", "fresh", "-o", "jsonpath={.metadata.resourceVersion}"];
    const before = await ok(...version);
    expect(await ok(...serverSide(file))).toBe(applied);
    expect(await ok(...version)).toBe(before);
    expect(await managers("fresh")).toEqual(["kubectl Apply"]);
    expect(await ok("get", "deployment", "fresh", "-o", "yaml")).not.toContain("managedFields");
    expect(await ok("apply", "--server-side", "--dry-run=server", "-f", file)).toBe(
      "deployment.apps/fresh serverside-applied (server dry run)\n",
    );
  });

  it("tells of conflicts as it does with upstream's server, and takes over by force", async () => {
    const file = await manifest("contested", 2);
    await ok(...serverSide(file));
    await ok("scale", "deployment", "contested", "--replicas=5");
    expect(await managers("contested")).toEqual(["kubectl Apply", "kubectl Update scale"]);
    const refused = await kubectl(...serverSide(file));
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining(
        'error: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
      ),
    ]);
    await ok(...serverSide(file, "--force-conflicts"));
    expect(await managers("contested")).toEqual(["kubectl Apply"]);
    expect(await ok("get", "deployment", "contested", "-o", "jsonpath={.spec.replicas}")).toBe("2");
    await ok("scale", "deployment", "contested", "--replicas=5");
    await ok(...serverSide(await manifest("contested", undefined)));
    expect(await ok("get", "deployment", "contested", "-o", "jsonpath={.spec.replicas}")).toBe("5");
  });

  it("takes over what client-side apply has made, and gives it back", async () => {
    await ok("apply", "-f", await manifest("migrated", 2));
    expect(await managers("migrated")).toEqual(["kubectl-client-side-apply Update"]);
    const { code, stdout } = await kubectl(...serverSide(await manifest("migrated", 3)));
    expect([code, stdout]).toEqual([0, "deployment.apps/migrated serverside-applied\n"]);
    // kubectl keeps the annotation of client-side apply under a name of its own, by a request of its
    // own: the two are in order of time when a second ends between them.
    const both = ["kubectl Apply", "kubectl-last-applied Apply"];
    expect((await managers("migrated")).toSorted()).toEqual(both);
    await ok(...serverSide(await manifest("migrated", 3, "b:2")));
    await ok("apply", "-f", await manifest("migrated", 4, "b:2"));
    expect(await ok("get", "deployment", "migrated", "-o", "jsonpath={.spec.replicas}")).toBe("4");
  });

  it("shows what would change", async () => {
    await ok(...serverSide(await manifest("compared", 2)));
    const same = await kubectl("diff", "--server-side", "-f", await manifest("compared", 2));
    expect([same.code, same.stdout]).toEqual([0, ""]);
    const other = await kubectl("diff", "--server-side", "-f", await manifest("compared", 7));
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining("+  replicas: 7")]);
  });

  it("edits and views what client-side apply has left", async () => {
    const file = await manifest("viewed", 2);
    await ok("apply", "-f", file);
    expect(await ok("apply", "view-last-applied", "deployment", "viewed")).toContain("replicas: 2");
    await ok("label", "deployment", "viewed", "tier=front");
    await ok("annotate", "deployment", "viewed", "note=x");
    await ok("set", "image", "deployment/viewed", "main=c:3");
    expect(await managers("viewed")).toEqual(
      expect.arrayContaining([
        "kubectl-client-side-apply Update",
        "kubectl-label Update",
        "kubectl-annotate Update",
        "kubectl-set Update",
      ]),
    );
  });
});
