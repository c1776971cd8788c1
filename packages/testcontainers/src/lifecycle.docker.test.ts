import { once } from "node:events";
import { createServer } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KubehopContainer, type StartedKubehopContainer } from "./index.ts";
import { createMark, docker, inspect, newLab } from "./testing/docker.ts";

const STARTS = 3;
/** What Docker's own profile does to containers without CAP_SYS_ADMIN, as far as it matters here. */
const WITHOUT_UNSHARE = JSON.stringify({
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["unshare"], action: "SCMP_ACT_ERRNO", errnoRet: 1 }],
});
const mark = createMark("lifecycle");

afterAll(async () => {
  const left = await mark.leftovers();
  if (left.length > 0) throw new Error(`containers are left: ${left.join(" ")}`);
});

describe("labs", () => {
  test("starts again and again, with no volume and no network of its own", async () => {
    const times: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      const begun = performance.now();
      await using lab = await newLab(mark).start();
      times.push(Math.round(performance.now() - begun));
      const { answers } = await lab.resolve("kubernetes", { type: "A" });
      expect(answers).toEqual(["10.96.0.1"]);
      expect(await inspect(lab, "{{json .Mounts}}")).toBe("[]");
      expect(lab.getNetworkNames()).toEqual(["bridge"]);
    }
    process.stderr.write(`labs were ready after ${times.join(", ")} ms\n`);
  });

  test("two share nothing", async () => {
    const yaml = (text: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: who }
data: { name: ${text} }
`;
    const starting = ["one", "two"].map((name) => newLab(mark).withYaml(yaml(name)).start());
    const [one, two] = await Promise.all(starting);
    if (one === undefined || two === undefined) throw new Error("there are two");
    try {
      expect(one.getKubeConfig()).not.toBe(two.getKubeConfig());
      await one.apply(yaml("changed"));
      await one.stop();
      expect((await two.resolve("kubernetes", { type: "A" })).answers).toEqual(["10.96.0.1"]);
    } finally {
      await Promise.all([one.stop(), two.stop()].map((stop) => stop.catch(() => undefined)));
    }
  });
});

describe("one lab, in this order", () => {
  let lab: StartedKubehopContainer;

  beforeAll(async () => {
    lab = await newLab(mark)
      .withNodes(3)
      .withServiceCidr("10.50.0.0/16,fd00:50::/112")
      .withPodCidr("10.60.0.0/16,fd00:60::/56")
      .withLogLevel("debug")
      .withUser("4242:4242")
      .start();
  });

  afterAll(async () => {
    await lab?.stop();
  });

  test("has the nodes and addresses that were asked for, and runs as any user", async () => {
    expect((await lab.resolve("kubernetes", { type: "A" })).answers).toEqual(["10.50.0.1"]);
    expect(await lab.processLogs("kube-proxy/node-3")).toContain('"level":"debug"');
    expect(await inspect(lab, "{{.Config.User}} {{.HostConfig.Privileged}}")).toBe(
      "4242:4242 false",
    );
    expect(await inspect(lab, "{{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}")).toBe("[] [ALL]");
  });

  test("has IPv6 beside IPv4 where there are CIDRs of both", async () => {
    const labels = "{ app: six }";
    await lab.apply(`apiVersion: apps/v1
kind: Deployment
metadata: { name: six }
spec:
  selector: { matchLabels: ${labels} }
  template:
    metadata: { labels: ${labels} }
    spec: { containers: [{ name: six, image: kubehop/sample-app, args: [backend] }] }
---
apiVersion: v1
kind: Service
metadata: { name: six }
spec: { ipFamilies: [IPv6], selector: ${labels}, ports: [{ port: 80, targetPort: 8080 }] }
`);
    const address = async () => (await lab.resolve("six", { type: "AAAA" })).answers.join(" ");
    await expect.poll(address, { timeout: 60_000 }).toMatch(/^fd00:50::/);
    const answer = async () => (await lab.request("http://six/hello")).body;
    await expect.poll(answer, { timeout: 60_000 }).toMatch(/"ip":"fd00:60:0:[123]::/);
  });

  test("writes what went wrong to the container's log", async () => {
    const kill =
      'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != nats-server ] || kill -9 ${p#/proc/}; done';
    expect((await lab.exec(["sh", "-c", kill])).exitCode).toBe(0);
    await expect.poll(() => docker("logs", lab.getId()), { timeout: 60_000 }).toMatch(/ warn .*: /);
  });

  test("is an empty one after a restart, and its methods reach it", async () => {
    await lab.apply("apiVersion: v1\nkind: Namespace\nmetadata: { name: gone }\n");
    const before = lab.getKubeConfig();
    await lab.restart();
    expect(lab.getKubeConfig()).not.toBe(before);
    const again = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: gone }\n";
    await expect(lab.apply(again)).rejects.toThrow('namespaces "gone" not found');
  });

  test("ends at SIGTERM in good order, before an engine would kill it", async () => {
    await docker("stop", lab.getId());
    expect(await inspect(lab, "{{.State.ExitCode}}")).toBe("0");
  });
});

describe("what cannot start says why", () => {
  test("an image that is nowhere", async () => {
    await expect(new KubehopContainer("kubehop:no-such-tag").start()).rejects.toThrow(
      /^Image "kubehop:no-such-tag" is neither on this machine .*\nMake it with `npm run image`/s,
    );
  });

  test("an engine that keeps its seccomp profile: the option is named", async () => {
    const starting = newLab(mark).withSecurityOpt(`seccomp=${WITHOUT_UNSHARE}`).start();
    await expect(starting).rejects.toThrow("--security-opt seccomp=unconfined");
  });

  test("manifests with an error: file, line and column", async () => {
    const yaml = "apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { prots: [] }\n";
    await expect(newLab(mark).withYaml(yaml).start()).rejects.toThrow(
      'manifests/1-inline.yaml:4:9: Service has no field "spec.prots"',
    );
  });

  test("a workload that does not become ready: the pod and its reason", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kubehop-manifests-"));
    try {
      await writeFile(join(folder, "app.yaml"), brokenDeployment());
      const starting = newLab(mark).withManifests(folder).withStartupTimeout(40_000).start();
      await expect(starting).rejects.toThrow(
        /pod default\/broken-.*(ErrImagePull|ImagePullBackOff)/,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("addresses that are none", async () => {
    await expect(newLab(mark).withServiceCidr("10.0.0.1/8").start()).rejects.toThrow(
      "The service CIDR 10.0.0.1/8 is no network address; use 10.0.0.0/8.",
    );
  });

  test("a port that is taken", async () => {
    const server = createServer().listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const lab = newLab(mark).withExposedPorts({ container: 9_999, host: port });
    await expect(lab.start()).rejects.toThrow(/already (in use|allocated)/);
    server.close();
  });

  test("what is wrong before anything starts", () => {
    expect(() => newLab(mark).withNodes(0)).toThrow("0 nodes are not possible");
    expect(() => newLab(mark).withManifests("/no/such/file")).toThrow("There is no /no/such/file.");
  });
});

function brokenDeployment(): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: broken }
spec:
  selector: { matchLabels: { app: broken } }
  template:
    metadata: { labels: { app: broken } }
    spec:
      containers: [{ name: app, image: no-such-image }]
`;
}
