import { dirname } from "node:path";
import {
  type DaemonSet,
  type Draft,
  type Job,
  type Kind,
  Kinds,
  type KubeObject,
  type Pod,
  type PodTemplateSpec,
} from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster, type TestCluster } from "./testing/cluster.ts";
import type { HollowNode } from "./testing/hollow-node.ts";

const run = promisify(execFile);
const namespace = "default";

let cluster: TestCluster;
const nodes: HollowNode[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  for (const name of ["node-1", "node-2", "node-3"]) {
    const node = await cluster.addNode({
      name,
      labels: { disk: name === "node-3" ? "ssd" : "hdd" },
    });
    node.outcome = outcomeOf;
    nodes.push(node);
  }
  await waitFor(() => cluster.manager().ready(), { timeoutMs: 60_000 });
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** A pod ends as its label says. */
function outcomeOf({ metadata }: Pod): "Succeeded" | "Failed" | undefined {
  const outcome = metadata.labels?.["outcome"];
  return outcome === "Succeeded" || outcome === "Failed" ? outcome : undefined;
}

async function kubectl(...args: string[]): Promise<string> {
  const { kubeconfig } = cluster.apiServer;
  // kubectl keeps what it discovers below HOME.
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig) };
  const { stdout } = await run("kubectl", args, { env });
  return stdout;
}

const template = (labels: Record<string, string>, spec: object = {}): PodTemplateSpec => ({
  metadata: { labels },
  spec: { containers: [{ name: "main", image: "one" }], ...spec },
});

const get = <T extends KubeObject>(kind: Kind<T>, name: string): Promise<T> =>
  cluster.rest.get(kind, { namespace, name });

async function podsOf(app: string): Promise<readonly Pod[]> {
  const { items } = await cluster.rest.list(Kinds.Pod, { namespace, labelSelector: `app=${app}` });
  return items;
}

async function eventually(check: () => Promise<void>): Promise<void> {
  let last: unknown;
  const passes = async (): Promise<boolean> => {
    try {
      await check();
      return true;
    } catch (error) {
      last = error;
      return false;
    }
  };
  await waitFor(passes, { timeoutMs: 60_000 }).catch(() => {
    throw last;
  });
}

describe("a DaemonSet", () => {
  const daemonSet = (name: string, spec: object = {}): Draft<DaemonSet> => ({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template: template({ app: name }), ...spec },
  });
  const nodesOf = async (app: string): Promise<string[]> =>
    (await podsOf(app)).map(({ spec }) => spec.nodeName ?? "").sort();

  it("has a pod on each node, also on one that comes later or is cordoned", async () => {
    await cluster.rest.create(Kinds.DaemonSet, daemonSet("agent"));
    await eventually(async () => {
      expect(await nodesOf("agent")).toEqual(["node-1", "node-2", "node-3"]);
      expect((await get(Kinds.DaemonSet, "agent")).status).toMatchObject({
        desiredNumberScheduled: 3,
        numberReady: 3,
        numberAvailable: 3,
        updatedNumberScheduled: 3,
        observedGeneration: 1,
      });
    });
    await kubectl("cordon", "node-1");
    const [pod] = (await podsOf("agent")).filter(({ spec }) => spec.nodeName === "node-1");
    await kubectl("delete", "pod", pod?.metadata.name ?? "");
    await eventually(async () => {
      expect(await nodesOf("agent")).toEqual(["node-1", "node-2", "node-3"]);
    });
    await kubectl("uncordon", "node-1");
  });

  it("goes by selectors and taints", async () => {
    const spec = { template: template({ app: "ssd" }, { nodeSelector: { disk: "ssd" } }) };
    await cluster.rest.create(Kinds.DaemonSet, daemonSet("ssd", spec));
    await cluster.rest.create(Kinds.DaemonSet, daemonSet("shy"));
    await eventually(async () => {
      expect(await nodesOf("ssd")).toEqual(["node-3"]);
      expect(await nodesOf("shy")).toHaveLength(3);
    });
    await kubectl("taint", "node", "node-3", "mine=yes:NoExecute");
    await kubectl("label", "node", "node-1", "disk=ssd", "--overwrite");
    await eventually(async () => {
      expect(await nodesOf("ssd")).toEqual(["node-1"]);
      expect(await nodesOf("shy")).toEqual(["node-1", "node-2"]);
    });
    await kubectl("taint", "node", "node-3", "mine-");
    await kubectl("label", "node", "node-1", "disk=hdd", "--overwrite");
    await eventually(async () => expect(await nodesOf("ssd")).toEqual(["node-3"]));
  });

  it("rolls out, tells its history and goes back, as kubectl asks", async () => {
    await cluster.rest.create(Kinds.DaemonSet, daemonSet("rolling"));
    await kubectl("rollout", "status", "ds/rolling", "--timeout=60s");
    await kubectl("set", "image", "ds/rolling", "main=two");
    expect(await kubectl("rollout", "status", "ds/rolling", "--timeout=60s")).toContain(
      'daemon set "rolling" successfully rolled out',
    );
    const images = async (): Promise<(string | undefined)[]> =>
      (await podsOf("rolling")).map(({ spec }) => spec.containers[0]?.image);
    await eventually(async () => expect(await images()).toEqual(["two", "two", "two"]));
    expect(await kubectl("rollout", "history", "ds/rolling")).toMatch(/1\s+<none>\n2\s+<none>/);
    await kubectl("rollout", "undo", "ds/rolling");
    await kubectl("rollout", "status", "ds/rolling", "--timeout=60s");
    await eventually(async () => expect(await images()).toEqual(["one", "one", "one"]));
    expect(await kubectl("rollout", "history", "ds/rolling")).toMatch(/2\s+<none>\n3\s+<none>/);
    await kubectl("rollout", "restart", "ds/rolling");
    await kubectl("rollout", "status", "ds/rolling", "--timeout=60s");
  });

  it("stops at maxUnavailable when the new template never gets ready", async () => {
    for (const node of nodes) node.ready = ({ spec }) => spec.containers[0]?.image !== "broken";
    await cluster.rest.create(Kinds.DaemonSet, daemonSet("careful"));
    await kubectl("rollout", "status", "ds/careful", "--timeout=60s");
    await kubectl("set", "image", "ds/careful", "main=broken");
    await eventually(async () => {
      expect((await get(Kinds.DaemonSet, "careful")).status).toMatchObject({
        observedGeneration: 2,
        updatedNumberScheduled: 1,
        numberAvailable: 2,
        numberUnavailable: 1,
      });
    });
    await kubectl("rollout", "undo", "ds/careful");
    await kubectl("rollout", "status", "ds/careful", "--timeout=60s");
  });

  it("with maxSurge creates before it deletes", async () => {
    const updateStrategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await cluster.rest.create(Kinds.DaemonSet, daemonSet("surge", { updateStrategy }));
    await kubectl("rollout", "status", "ds/surge", "--timeout=60s");
    await kubectl("set", "image", "ds/surge", "main=broken");
    await eventually(async () => {
      const images = (await podsOf("surge")).map(({ spec }) => spec.containers[0]?.image ?? "");
      expect(images.sort()).toEqual(["broken", "one", "one", "one"]);
    });
    await kubectl("set", "image", "ds/surge", "main=two");
    await kubectl("rollout", "status", "ds/surge", "--timeout=60s");
    await eventually(async () => expect(await podsOf("surge")).toHaveLength(3));
  });

  it("with OnDelete leaves it to others", async () => {
    const name = "manual";
    const updateStrategy = { type: "OnDelete" as const };
    await cluster.rest.create(Kinds.DaemonSet, daemonSet(name, { updateStrategy }));
    await eventually(async () => expect(await nodesOf(name)).toHaveLength(3));
    await kubectl("set", "image", `ds/${name}`, "main=two");
    await eventually(async () => {
      const { status } = await get(Kinds.DaemonSet, name);
      expect(status).toMatchObject({ observedGeneration: 2, updatedNumberScheduled: 0 });
    });
    const [first] = await podsOf(name);
    await kubectl("delete", "pod", first?.metadata.name ?? "");
    await eventually(async () => {
      const { status } = await get(Kinds.DaemonSet, name);
      expect(status).toMatchObject({ updatedNumberScheduled: 1, numberReady: 3 });
    });
  });
});

describe("a Job", () => {
  const job = (name: string, outcome: string, spec: object = {}): Draft<Job> => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace },
    spec: { template: template({ app: name, outcome }, { restartPolicy: "Never" }), ...spec },
  });
  const create = (draft: Draft<Job>): Promise<Job> => cluster.rest.create(Kinds.Job, draft);
  const conditionsOf = async (name: string): Promise<string[]> => {
    const { status } = await get(Kinds.Job, name);
    return (status?.conditions ?? []).map(
      ({ type, status, reason }) => `${type}=${status} ${reason}`,
    );
  };

  it("runs until enough pods have ended well", async () => {
    await create(job("pi", "Succeeded", { completions: 5, parallelism: 2 }));
    await kubectl("wait", "--for=condition=complete", "job/pi", "--timeout=60s");
    const { status } = await get(Kinds.Job, "pi");
    expect(status).toMatchObject({ succeeded: 5, failed: 0, active: 0, ready: 0 });
    expect(status?.completionTime).toBeDefined();
    expect(status?.uncountedTerminatedPods).toEqual({});
    const pods = await podsOf("pi");
    expect(pods.map(({ metadata }) => metadata.finalizers)).toEqual(pods.map(() => undefined));
    expect(await kubectl("get", "job", "pi")).toMatch(/pi\s+Complete\s+5\/5/);
    expect(await kubectl("describe", "job", "pi")).toContain(
      "0 Active (0 Ready) / 5 Succeeded / 0 Failed",
    );
  });

  it("of indexes completes each of them", async () => {
    const spec = { completions: 4, parallelism: 4, completionMode: "Indexed" as const };
    await create(job("indexed", "Succeeded", spec));
    await kubectl("wait", "--for=condition=complete", "job/indexed", "--timeout=60s");
    const { status } = await get(Kinds.Job, "indexed");
    expect(status).toMatchObject({ succeeded: 4, completedIndexes: "0-3" });
    const pods = await podsOf("indexed");
    expect(pods.map(({ spec: { hostname } }) => hostname ?? "").sort()).toEqual(
      [0, 1, 2, 3].map((index) => `indexed-${index}`),
    );
    expect(pods[0]?.spec.containers[0]?.env?.[0]?.name).toBe("JOB_COMPLETION_INDEX");
  });

  it("fails when too many pods do", async () => {
    await create(job("doomed", "Failed", { backoffLimit: 0 }));
    await kubectl("wait", "--for=condition=failed", "job/doomed", "--timeout=60s");
    expect((await get(Kinds.Job, "doomed")).status).toMatchObject({ failed: 1, active: 0 });
    expect(await conditionsOf("doomed")).toEqual([
      "FailureTarget=True BackoffLimitExceeded",
      "Failed=True BackoffLimitExceeded",
    ]);
  });

  it("fails when its time is up, and its pods go", async () => {
    await create(job("slow", "none", { activeDeadlineSeconds: 1, parallelism: 2 }));
    await kubectl("wait", "--for=condition=failed", "job/slow", "--timeout=60s");
    expect(await conditionsOf("slow")).toContain("Failed=True DeadlineExceeded");
    await eventually(async () => expect(await podsOf("slow")).toEqual([]));
  });

  it("can be suspended and resumed", async () => {
    await create(job("paused", "none", { parallelism: 2, completions: 2, suspend: true }));
    await eventually(async () => {
      expect(await conditionsOf("paused")).toEqual(["Suspended=True JobSuspended"]);
    });
    expect(await podsOf("paused")).toEqual([]);
    const resume = (suspend: boolean): Promise<string> =>
      kubectl(
        "patch",
        "job",
        "paused",
        "--type=merge",
        "-p",
        JSON.stringify({ spec: { suspend } }),
      );
    await resume(false);
    await eventually(async () => {
      expect((await get(Kinds.Job, "paused")).status).toMatchObject({ active: 2 });
      expect(await conditionsOf("paused")).toEqual(["Suspended=False JobResumed"]);
    });
    await resume(true);
    await eventually(async () => {
      expect(await podsOf("paused")).toEqual([]);
      const { status } = await get(Kinds.Job, "paused");
      expect(status).toMatchObject({ active: 0, failed: 0 });
      expect(status).not.toHaveProperty("startTime");
    });
  });

  it("goes when its time to live is over, and its pods with it", async () => {
    await create(job("brief", "Succeeded", { ttlSecondsAfterFinished: 0 }));
    await kubectl("wait", "--for=delete", "job/brief", "--timeout=60s");
    await eventually(async () => expect(await podsOf("brief")).toEqual([]));
  });

  it("that is deleted keeps none of its pods", async () => {
    await create(job("gone", "none", { parallelism: 3 }));
    await eventually(async () => expect(await podsOf("gone")).toHaveLength(3));
    await kubectl("delete", "job", "gone");
    await eventually(async () => expect(await podsOf("gone")).toEqual([]));
  });

  it("is made by kubectl", async () => {
    await kubectl("create", "job", "made", "--image=one", "--", "true");
    await eventually(async () => {
      expect((await get(Kinds.Job, "made")).status).toMatchObject({ active: 1, ready: 1 });
    });
  });
});

describe("a CronJob", () => {
  it("begins a Job for the time that is due, and keeps as many as it may", async () => {
    const path = "/apis/batch/v1/namespaces/default/cronjobs";
    const made = await cluster.rest.create(Kinds.CronJob, {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "tick", namespace },
      spec: {
        schedule: "* * * * *",
        suspend: true,
        concurrencyPolicy: "Forbid",
        successfulJobsHistoryLimit: 0,
        jobTemplate: {
          spec: {
            template: template({ app: "tick", outcome: "none" }, { restartPolicy: "Never" }),
          },
        },
      },
    });
    // As if it had last begun an hour ago.
    const lastScheduleTime = new Date(Date.now() - 3_600_000).toISOString().slice(0, 19) + "Z";
    await cluster.rest.update(
      Kinds.CronJob,
      { ...made, status: { lastScheduleTime } },
      {
        subresource: "status",
      },
    );
    await kubectl("patch", "cronjob", "tick", "-p", '{"spec":{"suspend":false}}');
    await eventually(async () => {
      const { status } = await get(Kinds.CronJob, "tick");
      expect(status?.active).toHaveLength(1);
      expect(Date.parse(status?.lastScheduleTime ?? "")).toBeGreaterThan(Date.now() - 120_000);
    });
    await kubectl("patch", "cronjob", "tick", "-p", '{"spec":{"suspend":true}}');
    // The Job has begun, its pod comes later; once it runs the node writes its status no more.
    const pod = await waitFor(async () => {
      const [found] = await podsOf("tick");
      return found?.status?.phase === "Running" ? found : undefined;
    });
    const done = { ...pod, status: { ...pod.status, phase: "Succeeded" as const } };
    await cluster.rest.update(Kinds.Pod, done, { subresource: "status" });
    await eventually(async () => {
      const { status } = await get(Kinds.CronJob, "tick");
      expect(status).not.toHaveProperty("active");
      expect(status?.lastSuccessfulTime).toBeDefined();
      expect(await podsOf("tick")).toEqual([]);
    });
    await kubectl("create", "job", "by-hand", "--from=cronjob/tick");
    expect(await kubectl("get", "--raw", `${path}/tick`)).toContain('"suspend":true');
  });
});

describe("a ReplicationController", () => {
  it("keeps as many pods as it is told", async () => {
    await cluster.rest.create(Kinds.ReplicationController, {
      apiVersion: "v1",
      kind: "ReplicationController",
      metadata: { name: "old", namespace },
      spec: { replicas: 2, template: template({ app: "old" }) },
    });
    await eventually(async () => expect(await podsOf("old")).toHaveLength(2));
    await kubectl("scale", "rc/old", "--replicas=3");
    await eventually(async () => {
      const { status } = await get(Kinds.ReplicationController, "old");
      expect(status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3 });
    });
    await kubectl("delete", "rc", "old");
    await eventually(async () => expect(await podsOf("old")).toEqual([]));
  });
});

describe("a PodDisruptionBudget", () => {
  it("tells how many pods may go, and kubectl drain waits for it", async () => {
    const labels = { app: "guarded" };
    await cluster.rest.create(Kinds.Deployment, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "guarded", namespace },
      spec: { replicas: 3, selector: { matchLabels: labels }, template: template(labels) },
    });
    await kubectl("create", "pdb", "guarded", "--selector=app=guarded", "--max-unavailable=34%");
    await eventually(async () => {
      expect((await get(Kinds.PodDisruptionBudget, "guarded")).status).toMatchObject({
        expectedPods: 3,
        currentHealthy: 3,
        desiredHealthy: 1,
        disruptionsAllowed: 2,
        conditions: [{ type: "DisruptionAllowed", status: "True", reason: "SufficientPods" }],
      });
    });
    await kubectl("delete", "pdb", "guarded");
    await kubectl("create", "pdb", "guarded", "--selector=app=guarded", "--min-available=3");
    await eventually(async () => {
      const { status } = await get(Kinds.PodDisruptionBudget, "guarded");
      expect(status).toMatchObject({ disruptionsAllowed: 0, desiredHealthy: 3 });
    });
    const [pod] = await podsOf("guarded");
    const path = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata.name ?? ""}/eviction`;
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: pod?.metadata };
    const eviction = cluster.rest.request({ method: "POST", path, body });
    await expect(eviction).rejects.toMatchObject({ code: 429 });
  });
});

describe("an aggregated ClusterRole", () => {
  it("has the rules of those it selects", async () => {
    await eventually(async () => {
      const view = await cluster.rest.get(Kinds.ClusterRole, { name: "view" });
      const admin = await cluster.rest.get(Kinds.ClusterRole, { name: "admin" });
      expect(view.rules?.length).toBeGreaterThan(3);
      expect(admin.rules).toEqual(expect.arrayContaining(view.rules ?? []));
    });
    const rule = { verbs: ["get"], apiGroups: ["example.com"], resources: ["widgets"] };
    await cluster.rest.create(Kinds.ClusterRole, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: {
        name: "widgets",
        labels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" },
      },
      rules: [rule],
    });
    await eventually(async () => {
      for (const name of ["view", "edit", "admin"]) {
        expect((await cluster.rest.get(Kinds.ClusterRole, { name })).rules).toContainEqual(rule);
      }
    });
  });
});
