import { Kinds, type Kind, type KubeObject, OtherVersions } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { buildTable } from "./table.ts";

const NOW = Date.parse("2030-01-01T00:10:00Z");
const OPTIONS = { version: "v1", includeObject: "None", now: NOW, metadata: {} } as const;

function cellsOf(kind: Kind, object: object): unknown[] {
  const metadata = { name: "x", creationTimestamp: "2030-01-01T00:00:00Z" };
  const full = { apiVersion: "v1", kind: kind.kind, metadata, ...object } as KubeObject;
  const [row] = buildTable(kind, [full], OPTIONS).rows as { cells: unknown[] }[];
  return row?.cells ?? [];
}

describe("cells of a Service", () => {
  it.each([
    [
      { type: "ClusterIP", clusterIPs: ["10.96.0.1"], ports: [{ port: 80, protocol: "TCP" }] },
      ["x", "ClusterIP", "10.96.0.1", "<none>", "80/TCP", "10m", "<none>"],
    ],
    [
      {
        type: "NodePort",
        clusterIPs: ["10.96.0.2"],
        ports: [
          { port: 80, nodePort: 30080, protocol: "TCP" },
          { port: 53, protocol: "UDP" },
        ],
        selector: { b: "2", a: "1" },
      },
      ["x", "NodePort", "10.96.0.2", "<none>", "80:30080/TCP,53/UDP", "10m", "a=1,b=2"],
    ],
    [
      { type: "ClusterIP", clusterIPs: ["None"], ports: [] },
      ["x", "ClusterIP", "None", "<none>", "<none>", "10m", "<none>"],
    ],
    [
      { type: "ExternalName", externalName: "example.com" },
      ["x", "ExternalName", "<none>", "example.com", "<none>", "10m", "<none>"],
    ],
    [
      { type: "LoadBalancer", clusterIPs: ["10.96.0.3"] },
      ["x", "LoadBalancer", "10.96.0.3", "<pending>", "<none>", "10m", "<none>"],
    ],
  ])("%j", (spec, cells) => {
    expect(cellsOf(Kinds.Service, { spec })).toEqual(cells);
  });
});

describe("status of a pod", () => {
  const spec = { containers: [{ name: "main" }, { name: "side" }], nodeName: "node-1" };
  const running = { name: "main", ready: true, restartCount: 0, state: { running: {} } };

  it.each([
    ["its phase", { phase: "Pending" }, ["0/2", "Pending", "0"]],
    ["its reason", { phase: "Failed", reason: "Evicted" }, ["0/2", "Evicted", "0"]],
    [
      "ready containers",
      { phase: "Running", containerStatuses: [running, { ...running, ready: false }] },
      ["1/2", "Running", "0"],
    ],
    [
      "what a container waits for, and its restarts",
      {
        phase: "Running",
        containerStatuses: [
          {
            name: "main",
            restartCount: 3,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 1, finishedAt: "2030-01-01T00:05:00Z" } },
          },
        ],
      },
      ["0/2", "CrashLoopBackOff", "3 (5m ago)"],
    ],
    [
      "how a container ended",
      { phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 2 } } }] },
      ["0/2", "ExitCode:2", "0"],
    ],
    [
      "its first unfinished init container",
      {
        phase: "Pending",
        initContainerStatuses: [{ state: { terminated: { exitCode: 1, reason: "Error" } } }],
      },
      ["0/2", "Init:Error", "0"],
    ],
  ])("shows %s", (_what, status, expected) => {
    expect(cellsOf(Kinds.Pod, { spec, status }).slice(1, 4)).toEqual(expected);
  });

  it("is Terminating while it is being deleted", () => {
    const metadata = { name: "x", deletionTimestamp: "2030-01-01T00:00:00Z" };
    const cells = cellsOf(Kinds.Pod, { metadata, spec, status: { phase: "Running" } });
    expect(cells[2]).toBe("Terminating");
  });
});

it("Endpoints name three addresses and count the rest", () => {
  const addresses = ["1", "2", "3", "4", "5"].map((last) => ({ ip: `10.0.0.${last}` }));
  const subsets = [{ addresses, ports: [{ port: 80 }] }];
  expect(cellsOf(Kinds.Endpoints, { subsets })[1]).toBe(
    "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...",
  );
  expect(cellsOf(Kinds.Endpoints, {})[1]).toBe("<none>");
});

it("EndpointSlices without ports or endpoints are unset", () => {
  const slice = { addressType: "IPv4", endpoints: [], ports: [] };
  expect(cellsOf(Kinds.EndpointSlice, slice).slice(1, 4)).toEqual(["IPv4", "<unset>", "<unset>"]);
  const all = { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{}] };
  expect(cellsOf(Kinds.EndpointSlice, all).slice(2, 4)).toEqual(["*", "10.0.0.1"]);
});

it("Nodes show readiness, cordon and roles", () => {
  const metadata = { name: "n", labels: { "node-role.kubernetes.io/worker": "" } };
  const status = { conditions: [{ type: "Ready", status: "False" }] };
  const cells = cellsOf(Kinds.Node, { metadata, status, spec: { unschedulable: true } });
  expect(cells.slice(0, 3)).toEqual(["n", "NotReady,SchedulingDisabled", "worker"]);
});

it("every row has as many cells as there are columns, whatever is missing", () => {
  for (const kind of Object.values(Kinds) as Kind[]) {
    const object = { spec: { containers: [] }, involvedObject: {}, addressType: "IPv4" };
    const { columnDefinitions } = buildTable(kind, [], OPTIONS);
    expect([kind.kind, cellsOf(kind, object).length]).toEqual([
      kind.kind,
      columnDefinitions?.length,
    ]);
  }
});

describe("cells of workloads", () => {
  const template = {
    spec: { containers: [{ name: "main", image: "app:1" }], nodeSelector: { a: "b" } },
  };
  const selector = { matchLabels: { app: "x" } };
  const started = { startTime: "2030-01-01T00:05:00Z" };
  const done = { ...started, completionTime: "2030-01-01T00:05:30Z", succeeded: 2 };
  const complete = { ...done, conditions: [{ type: "Complete", status: "True" }] };

  it.each<[Kind, object, unknown[]]>([
    [
      Kinds.DaemonSet,
      {
        spec: { template, selector },
        status: { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1 },
      },
      ["x", 3, 2, 1, 0, 0, "a=b", "10m", "main", "app:1", "app=x"],
    ],
    [
      Kinds.ReplicationController,
      { spec: { replicas: 2, template, selector: { app: "x" } }, status: { replicas: 1 } },
      ["x", 2, 1, 0, "10m", "main", "app:1", "app=x"],
    ],
    [
      Kinds.Job,
      { spec: { completions: 2, template, selector }, status: complete },
      ["x", "Complete", "2/2", "30s", "10m", "main", "app:1", "app=x"],
    ],
    [
      Kinds.Job,
      { spec: { parallelism: 3, template }, status: started },
      ["x", "Running", "0/1 of 3", "5m", "10m", "main", "app:1", "<none>"],
    ],
    [
      Kinds.CronJob,
      { spec: { schedule: "@daily", suspend: false, jobTemplate: { spec: { template } } } },
      ["x", "@daily", "<none>", "False", 0, "<none>", "10m", "main", "app:1", "<none>"],
    ],
  ])("$kind", (kind, object, cells) => {
    expect(cellsOf(kind, object)).toEqual(cells);
  });
});

describe("cells of policies", () => {
  const scaleTargetRef = { kind: "Deployment", name: "web" };
  const cpu = (target: object): object => ({ type: "Resource", resource: { name: "cpu", target } });
  it.each<[Kind, object, unknown[]]>([
    [
      Kinds.PodDisruptionBudget,
      { spec: { minAvailable: "50%" }, status: { disruptionsAllowed: 1 } },
      ["x", "50%", "N/A", 1, "10m"],
    ],
    [
      Kinds.HorizontalPodAutoscaler,
      { spec: { scaleTargetRef, maxReplicas: 5, metrics: [cpu({ averageUtilization: 80 })] } },
      ["x", "Deployment/web", "cpu: <unknown>/80%", "<unset>", "5", 0, "10m"],
    ],
    [
      Kinds.HorizontalPodAutoscaler,
      {
        spec: {
          scaleTargetRef,
          minReplicas: 2,
          maxReplicas: 5,
          metrics: [
            { type: "Pods", pods: { target: { averageValue: "5" } } },
            { type: "Object", object: { target: { averageValue: "5" } } },
            cpu({}),
          ],
        },
      },
      ["x", "Deployment/web", "<unknown>/5, <unknown>/5 (avg) + 1 more...", "2", "5", 0, "10m"],
    ],
    [
      Kinds.Ingress,
      {
        spec: {
          ingressClassName: "nginx",
          tls: [{}],
          rules: ["a", "b", "c", "d"].map((host) => ({ host })),
        },
        status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }, { hostname: "lb" }] } },
      },
      ["x", "nginx", "a,b,c + 1 more...", "1.2.3.4,lb", "80, 443", "10m"],
    ],
    [Kinds.Ingress, { spec: { defaultBackend: {} } }, ["x", "<none>", "*", "", "80", "10m"]],
    [
      Kinds.IngressClass,
      { spec: { controller: "a.b/c", parameters: { apiGroup: "a.b", kind: "C", name: "one" } } },
      ["x", "a.b/c", "C.a.b/one", "10m"],
    ],
    [Kinds.NetworkPolicy, { spec: { podSelector: {} } }, ["x", "<none>", "10m"]],
    [Kinds.Role, {}, ["x", "2030-01-01T00:00:00Z"]],
    [
      Kinds.RoleBinding,
      {
        roleRef: { kind: "ClusterRole", name: "view" },
        subjects: [
          { kind: "User", name: "ann" },
          { kind: "ServiceAccount", namespace: "default", name: "builder" },
          { kind: "User", name: "bob" },
        ],
      },
      ["x", "ClusterRole/view", "10m", "ann, bob", "", "default/builder"],
    ],
    [Kinds.ControllerRevision, { revision: 3 }, ["x", "<none>", "3", "10m"]],
  ])("$kind", (kind, object, cells) => {
    expect(cellsOf(kind, object)).toEqual(cells);
  });
});

it("the version of a kind that is not the stored one has its columns, and its own objects", () => {
  const events = OtherVersions.find(({ kind }) => kind === "Event") as Kind;
  const stored = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "web.1" },
    involvedObject: { kind: "Pod", name: "web" },
    message: "Started",
  };
  const table = buildTable(events, [stored], { ...OPTIONS, includeObject: "Object" });
  const [row] = table.rows as { cells: unknown[]; object: KubeObject }[];
  expect(row?.cells[3]).toBe("pod/web");
  expect(row?.object).toMatchObject({ apiVersion: "events.k8s.io/v1", note: "Started" });
});
