import { waitFor } from "@kubehop/testkit";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiServerProcess } from "@kubehop/testkit";
import { startApiServerProcess } from "../support/api-server-process.ts";
import { hasProgram } from "../support/requirements.ts";

const NO_KUBECTL = hasProgram("kubectl") ? "" : " (skipped: no kubectl on the PATH)";

const PATIENCE = { timeoutMs: 60_000 };

const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: "example/web:1", ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.96.0.50
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
`;

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(NO_KUBECTL !== "")(`stock kubectl${NO_KUBECTL}`, () => {
  let server: ApiServerProcess;
  let manifest: string;

  beforeAll(async () => {
    server = await startApiServerProcess();
    manifest = join(server.directory, "web.yaml");
    await writeFile(manifest, MANIFEST);
  });

  afterAll(() => server[Symbol.asyncDispose]());

  function environment(): NodeJS.ProcessEnv {
    return { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory };
  }

  function kubectl(...args: readonly string[]): Promise<Result> {
    return new Promise((resolve) => {
      const options = { env: environment(), timeout: 100_000 };
      execFile("kubectl", args, options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      });
    });
  }

  async function ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(...args);
    expect([args.join(" "), code, stderr]).toEqual([args.join(" "), 0, ""]);
    return stdout;
  }

  it("knows the server's version and kinds", async () => {
    expect(await ok("version")).toContain("Server Version: v1.32.");
    const kinds = await ok("api-resources", "--no-headers");
    expect(kinds).toMatch(/services +svc +v1 +true +Service/);
    expect(kinds).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
  });

  it("applies, shows, scales, describes and deletes", async () => {
    expect(await ok("apply", "-f", manifest)).toBe(
      "deployment.apps/web created\nservice/web created\n",
    );
    expect(await ok("apply", "-f", manifest)).toBe(
      "deployment.apps/web unchanged\nservice/web unchanged\n",
    );
    expect(await ok("get", "service", "web", "-o", "wide")).toMatch(
      /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR\nweb +NodePort +10\.96\.0\.50 +<none> +80:30080\/TCP +\d+s +app=web\n$/,
    );
    expect(await ok("get", "all")).toContain("deployment.apps/web   0/2");
    expect(await ok("scale", "deployment", "web", "--replicas=5")).toContain("scaled");
    expect(await ok("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}")).toBe("5");
    expect(await ok("describe", "service", "web")).toMatch(/IP: +10\.96\.0\.50/);
    expect(await ok("describe", "deployment", "web")).toContain("5 desired");
    expect((await kubectl("diff", "-f", manifest)).code).toBe(1);
    await ok("label", "service", "web", "tier=front");
    await ok("annotate", "service", "web", "note=x");
    await ok("patch", "service", "web", "-p", '{"spec":{"sessionAffinity":"ClientIP"}}');
    const columns = "custom-columns=A:.spec.sessionAffinity,L:.metadata.labels.tier";
    expect(await ok("get", "service", "web", "-o", columns)).toMatch(/ClientIP +front/);
    expect(await ok("replace", "-f", manifest)).toContain("service/web replaced");
    expect(await ok("rollout", "restart", "deployment", "web")).toContain("restarted");
    expect(await ok("delete", "-f", manifest)).toBe(
      'deployment.apps "web" deleted\nservice "web" deleted\n',
    );
  });

  it("prints the server's errors as it prints upstream's", async () => {
    const missing = await kubectl("get", "service", "nothing");
    expect(missing.stderr).toBe('Error from server (NotFound): services "nothing" not found\n');
    const unknown = join(server.directory, "unknown.yaml");
    await writeFile(unknown, MANIFEST.replace("selector: {app", "selectr: {app"));
    expect((await kubectl("create", "-f", unknown)).stderr).toContain(
      'strict decoding error: unknown field "spec.selectr"',
    );
  });

  it("creates by its generators, which send protobuf", async () => {
    expect(await ok("create", "namespace", "made")).toBe("namespace/made created\n");
    const literals = ["--from-literal=a=1", "--from-literal=b=ü"];
    await ok("create", "configmap", "made", ...literals);
    expect(await ok("get", "configmap", "made", "-o", "jsonpath={.data}")).toBe(
      '{"a":"1","b":"ü"}',
    );
    await ok("create", "secret", "generic", "made", "--from-literal=a=1");
    expect(await ok("get", "secret", "made", "-o", "jsonpath={.data.a}{.type}")).toBe("MQ==Opaque");
    await ok("create", "serviceaccount", "made");
    await ok("create", "service", "nodeport", "made", "--tcp=80:8080", "--node-port=30090");
    expect(await ok("get", "service", "made", "-o", "jsonpath={.spec.ports[0]}")).toBe(
      '{"name":"80-8080","nodePort":30090,"port":80,"protocol":"TCP","targetPort":8080}',
    );
    await ok("create", "service", "externalname", "made-name", "--external-name=example.com");
    await ok("create", "service", "clusterip", "made-headless", "--clusterip=None");
    const args = ["made", "--image=example/web:1", "--replicas=0", "--port=8080"];
    await ok("create", "deployment", ...args, "--", "run", "it");
    const path = "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].command}";
    expect(await ok("get", "deployment", "made", "-o", path)).toBe('0 ["run","it"]');
    await ok("scale", "deployment", "made", "--replicas=3");
    await ok("scale", "deployment", "made", "--replicas=0", "--current-replicas=3");
    expect(await ok("get", "deployment", "made", "-o", "jsonpath={.spec.replicas}")).toBe("0");
    expect(await ok("create", "token", "made", "--duration=20m")).toMatch(/^ey\S+$/);
    expect(await ok("create", "configmap", "dry", "--dry-run=server")).toContain("dry run");
    const taken = await kubectl("create", "namespace", "made");
    expect(taken.stderr).toBe(
      'Error from server (AlreadyExists): namespaces "made" already exists\n',
    );
  });

  it("says who the user is and what he may do", async () => {
    expect(await ok("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).toBe(
      "kubernetes-admin",
    );
    expect(await ok("auth", "can-i", "create", "deployments")).toBe("yes\n");
    expect(await ok("auth", "can-i", "get", "/metrics")).toBe("yes\n");
    expect(await ok("auth", "can-i", "--list")).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
  });

  it("explains kinds", async () => {
    expect(await ok("explain", "service.spec.sessionAffinity")).toContain("None or ClientIP");
  });

  it("watches", async () => {
    const args = ["get", "configmaps", "--watch-only", "--output-watch-events", "--no-headers"];
    const watch = spawn("kubectl", args, { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    watch.stdout.on("data", (data: Buffer) => void (output += data.toString()));
    const configMap = join(server.directory, "config-map.yaml");
    let round = 0;
    await waitFor(async () => {
      round += 1;
      const metadata = { name: "seen" };
      const data = { round: String(round) };
      const text = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
      await writeFile(configMap, text);
      await ok("apply", "-f", configMap);
      return output.includes("MODIFIED   seen");
    }, PATIENCE);
    await ok("delete", "configmap", "seen");
    await waitFor(() => /DELETED +seen/.test(output), { ...PATIENCE, describe: () => output });
    const exited = once(watch, "exit");
    watch.kill();
    await exited;
  });
});
