import { Kinds, type Pod, SERVICE_NAME_LABEL } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster, type TestCluster } from "../testing/cluster.ts";

const UNREACHABLE = "node.kubernetes.io/unreachable";
const NAMESPACE = "default";
/** Far longer than nodes that live take to renew a lease, also on a machine that does much else. */
const GRACE = "6s";
const LONGER_THAN_GRACE_MS = 7_000;

describe("a node that goes silent", () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({ nodeMonitorGracePeriod: GRACE });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const podNamed = (name: string): Promise<Pod> =>
    cluster.rest.get(Kinds.Pod, { namespace: NAMESPACE, name });

  it("becomes Unknown, its pods leave the endpoints and, in time, the node", async () => {
    const lost = await cluster.addNode({ name: "lost", leaseSeconds: 1 });
    await cluster.rest.create(Kinds.Service, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "app", namespace: NAMESPACE },
      spec: { selector: { app: "app" }, ports: [{ port: 80 }] },
    });
    for (const [name, tolerationSeconds] of [
      ["patient", 3_600],
      ["hasty", 1],
    ] as const) {
      const stays = { operator: "Exists", effect: "NoExecute", tolerationSeconds } as const;
      const tolerations = [{ key: UNREACHABLE, ...stays }];
      await cluster.rest.create(Kinds.Pod, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: NAMESPACE, labels: { app: "app" } },
        spec: {
          nodeName: "lost",
          tolerations,
          containers: [{ name: "main", image: "sample-app" }],
        },
      });
    }
    const readyCount = async (): Promise<number> => {
      const labelSelector = `${SERVICE_NAME_LABEL}=app`;
      const { items } = await cluster.rest.list(Kinds.EndpointSlice, {
        namespace: NAMESPACE,
        labelSelector,
      });
      return items.flatMap(({ endpoints }) => endpoints).filter((one) => one.conditions?.ready)
        .length;
    };
    await waitFor(async () => (await readyCount()) === 2);
    await cluster.addNode({ name: "alive", leaseSeconds: 1 });
    lost.silence();
    const node = await waitFor(async () => {
      const found = await cluster.rest.get(Kinds.Node, { name: "lost" });
      return found.spec.taints?.some(({ effect }) => effect === "NoExecute") ? found : undefined;
    });
    expect(node.status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "Unknown",
      reason: "NodeStatusUnknown",
      message: "Kubelet stopped posting node status.",
    });
    expect(node.spec.taints?.map(({ key }) => key)).toEqual([UNREACHABLE, UNREACHABLE]);
    await waitFor(async () => (await readyCount()) === 0);
    await waitFor(async () => (await podNamed("hasty")).metadata.deletionTimestamp !== undefined);
    expect((await podNamed("patient")).metadata.deletionTimestamp).toBeUndefined();
  });

  it("is believed again when it reports, and alive nodes are never doubted", async () => {
    const report = (): Promise<unknown> => {
      const lastHeartbeatTime = new Date().toISOString();
      const ready = { type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime };
      const patch = { type: "strategic", body: { status: { conditions: [ready] } } } as const;
      return cluster.rest.patch(Kinds.Node, { name: "lost" }, patch, { subresource: "status" });
    };
    await waitFor(async () => {
      await report();
      const { spec } = await cluster.rest.get(Kinds.Node, { name: "lost" });
      return (spec.taints ?? []).length === 0;
    });
    const { spec } = await cluster.rest.get(Kinds.Node, { name: "alive" });
    expect(spec.taints ?? []).toEqual([]);
  });

  it("is not declared lost for a time in which the API server was away", async () => {
    await cluster.apiServer.kill();
    const away = performance.now();
    await waitFor(() => performance.now() - away > LONGER_THAN_GRACE_MS);
    await cluster.apiServer.restart();
    const back = Date.now();
    await waitFor(async () => {
      const lease = { namespace: "kube-node-lease", name: "alive" };
      const { spec } = await cluster.rest.get(Kinds.Lease, lease);
      return Date.parse(spec?.renewTime ?? "") > back;
    });
    const { status, spec } = await cluster.rest.get(Kinds.Node, { name: "alive" });
    expect(status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
    expect(spec.taints ?? []).toEqual([]);
  });
});
