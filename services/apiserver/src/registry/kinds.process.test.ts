import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../testing/api-server.ts";
import { hasKubectl, type Outcome, runKubectl } from "../testing/kubectl.ts";

let server: TestApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string, input?: string): Promise<Outcome> =>
  runKubectl(server, line.split(" "), input);

async function ok(line: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(line, input);
  expect([line, code, stderr]).toEqual([line, 0, ""]);
  return stdout;
}

/** Each kind: how stock kubectl makes one, and what it says of it. */
const CREATED: readonly (readonly [what: string, create: string, get: RegExp, describe: RegExp])[] =
  [
    ["job/j", "create job j --image=one", /Running\s+0\/1\s+\d+s/, /Completions:\s+1/],
    [
      "cronjob/c",
      "create cronjob c --image=one --schedule=@daily",
      /@daily\s+<none>\s+False\s+0/,
      /Schedule:\s+@daily/,
    ],
    [
      "ingress/i",
      "create ingress i --rule=a.example/*=web:80",
      /<none>\s+a\.example\s+80/,
      /a\.example/,
    ],
    [
      "pdb/p",
      "create pdb p --selector=app=x --min-available=1",
      /1\s+N\/A\s+0/,
      /Min available:\s+1/,
    ],
    ["role/r", "create role r --verb=get --resource=pods", /\d{4}-\d\d-\d\d/, /pods/],
    ["rolebinding/b", "create rolebinding b --role=r --user=ann", /Role\/r/, /User\s+ann/],
    ["clusterrole/cr", "create clusterrole cr --verb=get --resource=pods", /\d{4}-/, /pods/],
    [
      "clusterrolebinding/cb",
      "create clusterrolebinding cb --clusterrole=cr --user=ann",
      /ClusterRole\/cr/,
      /User\s+ann/,
    ],
  ];

const APPLIED: readonly (readonly [
  what: string,
  manifest: object,
  get: RegExp,
  describe: RegExp,
])[] = [
  [
    "daemonset/d",
    workload("apps/v1", "DaemonSet", { selector: { matchLabels: { app: "d" } } }),
    /0\s+0\s+0\s+0\s+0\s+<none>/,
    /Desired Number of Nodes Scheduled: 0/,
  ],
  [
    "rc/d",
    workload("v1", "ReplicationController", {}),
    /1\s+0\s+0/,
    /Replicas:\s+0 current \/ 1 desired/,
  ],
  [
    "networkpolicy/d",
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "d" },
      spec: {
        podSelector: { matchLabels: { app: "d" } },
        ingress: [{ ports: [{ port: 80, protocol: "TCP" }] }],
      },
    },
    /app=d/,
    /To Port: 80\/TCP/,
  ],
  [
    "ingressclass/d",
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "d" },
      spec: { controller: "example.com/ingress" },
    },
    /example\.com\/ingress\s+<none>/,
    /Controller:\s+example\.com\/ingress/,
  ],
  [
    "hpa/d",
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "d" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
        maxReplicas: 3,
      },
    },
    /Deployment\/d\s+cpu: <unknown>\/80%\s+1\s+3\s+0/,
    /Max replicas:\s+3/,
  ],
];

function workload(apiVersion: string, kind: string, spec: object): object {
  const template = {
    metadata: { labels: { app: "d" } },
    spec: { containers: [{ name: "main", image: "one" }] },
  };
  return { apiVersion, kind, metadata: { name: "d" }, spec: { ...spec, template } };
}

describe.runIf(hasKubectl)("kubectl", () => {
  it.each(CREATED)("makes %s", async (what, create, get, shown) => {
    await ok(create);
    expect(await ok(`get ${what}`)).toMatch(get);
    expect(await ok(`describe ${what}`)).toMatch(shown);
    await ok(`label ${what} a=b`);
    expect(await ok(`get ${what} -o jsonpath={.metadata.labels.a}`)).toBe("b");
    await ok(`delete ${what}`);
  });

  it.each(APPLIED)("applies %s", async (what, manifest, get, shown) => {
    const text = JSON.stringify(manifest);
    await ok("apply -f -", text);
    expect(await ok("apply -f -", text)).toContain("unchanged");
    expect(await ok(`get ${what} -o wide`)).toMatch(get);
    expect(await ok(`describe ${what}`)).toMatch(shown);
    await ok("diff -f -", text);
    expect(await ok("apply --server-side --force-conflicts -f -", text)).toContain(
      "serverside-applied",
    );
    await ok(`delete ${what}`);
  });

  it.each([
    "daemonset.spec.updateStrategy",
    "job.spec.backoffLimit",
    "cronjob.spec.schedule",
    "ingress.spec.rules.http.paths.backend",
    "networkpolicy.spec.egress.to.ipBlock",
    "pdb.spec.maxUnavailable",
    "hpa.spec.metrics.resource.target",
    "clusterrole.aggregationRule",
    "rolebinding.subjects",
    "rc.spec.selector",
  ])("explains %s", async (path) => {
    expect(await ok(`explain ${path}`)).toContain("DESCRIPTION:");
  });

  it("autoscales through autoscaling/v1, and reads it as v2", async () => {
    await ok("create deployment web --image=one");
    await ok("autoscale deployment web --min=2 --max=5 --cpu-percent=60");
    expect(await ok("get hpa web")).toMatch(/Deployment\/web\s+cpu: <unknown>\/60%\s+2\s+5/);
    const path = "{.spec.targetCPUUtilizationPercentage}";
    expect(await ok(`get horizontalpodautoscalers.v1.autoscaling web -o jsonpath=${path}`)).toBe(
      "60",
    );
    expect(await ok("get hpa web -o jsonpath={.spec.metrics[0].resource.name}")).toBe("cpu");
    await ok(
      'patch horizontalpodautoscalers.v1.autoscaling web --type=merge -p {"spec":{"maxReplicas":7}}',
    );
    expect(await ok("get hpa web -o jsonpath={.spec.maxReplicas}")).toBe("7");
  });

  it("scales a ReplicationController", async () => {
    await ok("create -f -", JSON.stringify(workload("v1", "ReplicationController", {})));
    await ok("scale rc/d --replicas=3");
    expect(
      await ok("get --raw /api/v1/namespaces/default/replicationcontrollers/d/scale"),
    ).toContain('"selector":"app=d"');
  });

  it("lists the reviews among the resources", async () => {
    const list = await ok("api-resources --verbs=create -o name");
    expect(list).toContain("localsubjectaccessreviews.authorization.k8s.io");
    expect(list).toContain("tokenreviews.authentication.k8s.io");
    expect(await ok("api-versions")).toContain("events.k8s.io/v1");
  });
});

describe("events in both versions", () => {
  const core = "/api/v1/namespaces/default/events";
  const fresh = "/apis/events.k8s.io/v1/namespaces/default/events";
  const note = { eventTime: "2026-01-01T00:00:00.000000Z", reportingController: "x", action: "a" };

  it("are the same objects", async () => {
    const regarding = { kind: "Pod", name: "web", namespace: "default" };
    const body = {
      ...note,
      metadata: { name: "one" },
      regarding,
      note: "Hello",
      type: "Normal",
      reason: "Hi",
    };
    const made = await server.send(fresh, { method: "POST", body });
    expect([made.status, made.body.apiVersion, made.body.note]).toEqual([
      201,
      "events.k8s.io/v1",
      "Hello",
    ]);
    const old = await server.send(`${core}/one`);
    expect(old.body).toMatchObject({
      apiVersion: "v1",
      message: "Hello",
      involvedObject: regarding,
    });
    const listed = await server.send(`${fresh}?fieldSelector=regarding.name=web`);
    expect(listed.body.kind).toBe("EventList");
    expect(listed.body.items).toMatchObject([{ note: "Hello" }]);
    const patch = await server.send(`${fresh}/one`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: { note: "Bye" },
    });
    expect(patch.body.note).toBe("Bye");
    expect((await server.send(`${core}/one`)).body.message).toBe("Bye");
  });

  it("are watched in the version asked for", async () => {
    using stream = await server.stream(`${fresh}?watch=true&fieldSelector=regarding.name=seen`);
    const involvedObject = { kind: "Pod", name: "seen", namespace: "default" };
    await server.send(core, {
      method: "POST",
      body: { metadata: { name: "two" }, involvedObject },
    });
    await waitFor(() => stream.lines.length > 0);
    expect(stream.lines).toHaveLength(1);
    expect(stream.lines[0]).toMatchObject({
      type: "ADDED",
      object: { apiVersion: "events.k8s.io/v1", regarding: { name: "seen" } },
    });
  });
});
