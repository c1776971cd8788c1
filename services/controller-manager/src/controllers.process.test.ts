import {
  type Deployment,
  type Draft,
  type Kind,
  Kinds,
  type KubeObject,
  parseWeights,
  type Pod,
  type PodTemplateSpec,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster, type TestCluster } from "./testing/cluster.ts";
import type { HollowNode } from "./testing/hollow-node.ts";

const sorted = <T extends string | number | undefined>(values: readonly T[]): T[] =>
  values.toSorted((a, b) => (String(a) < String(b) ? -1 : 1));

const template = (app: string, image = "sample-app"): PodTemplateSpec => ({
  metadata: { labels: { app } },
  spec: {
    containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080 }] }],
  },
});

const deployment = (name: string, namespace: string, replicas: number): Draft<Deployment> => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
});

const service = (name: string, namespace: string): Draft<Service> => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: "http" }] },
});

describe("controllers", () => {
  let cluster: TestCluster;
  const nodes: HollowNode[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    for (const name of ["node-1", "node-2", "node-3"]) {
      nodes.push(await cluster.addNode({ name, labels: { "topology.kubernetes.io/zone": name } }));
    }
    await waitFor(() => cluster.manager().ready(), { timeoutMs: 60_000 });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const get = <T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): Promise<T> =>
    cluster.rest.get(kind, { namespace, name });
  const list = async <T extends KubeObject>(
    kind: Kind<T>,
    namespace: string,
    labelSelector?: string,
  ): Promise<T[]> =>
    (await cluster.rest.list(kind, { namespace, ...(labelSelector && { labelSelector }) })).items;
  const createNamespace = (name: string): Promise<unknown> =>
    cluster.rest.create(Kinds.Namespace, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    });
  const rolledOut = (namespace: string, name: string, replicas: number): Promise<Deployment> => {
    let seen: Deployment["status"];
    return waitFor(
      async () => {
        const found = await get(Kinds.Deployment, namespace, name);
        const { status = {}, metadata } = found;
        seen = status;
        const isDone =
          status.observedGeneration === metadata.generation &&
          status.updatedReplicas === replicas &&
          status.replicas === replicas &&
          status.availableReplicas === replicas;
        return isDone ? found : undefined;
      },
      { timeoutMs: 60_000, describe: () => `rollout of ${name}: ${JSON.stringify(seen)}` },
    );
  };
  const readyAddresses = async (namespace: string, name: string): Promise<string[]> => {
    const slices = await list(Kinds.EndpointSlice, namespace, `${SERVICE_NAME_LABEL}=${name}`);
    return slices
      .flatMap((slice) => slice.endpoints)
      .filter(({ conditions }) => conditions?.ready === true)
      .flatMap(({ addresses }) => addresses)
      .toSorted();
  };

  it("runs a Deployment, spread over the nodes, with its endpoints", async () => {
    await cluster.rest.create(Kinds.Service, service("my-api", "default"));
    await cluster.rest.create(Kinds.Deployment, deployment("my-api", "default", 3));
    const done = await rolledOut("default", "my-api", 3);
    expect(done.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("1");
    const conditions = Object.fromEntries(
      (done.status?.conditions ?? []).map(({ type, reason }) => [type, reason]),
    );
    expect(conditions).toEqual({
      Available: "MinimumReplicasAvailable",
      Progressing: "NewReplicaSetAvailable",
    });
    const pods = await list(Kinds.Pod, "default", "app=my-api");
    expect(sorted(pods.map((pod) => pod.spec.nodeName))).toEqual(["node-1", "node-2", "node-3"]);
    const ips = sorted(pods.map((pod) => pod.status?.podIP));
    await waitFor(async () => (await readyAddresses("default", "my-api")).length === 3);
    expect(await readyAddresses("default", "my-api")).toEqual(ips);
    const [slice, ...others] = await list(
      Kinds.EndpointSlice,
      "default",
      `${SERVICE_NAME_LABEL}=my-api`,
    );
    expect(others).toEqual([]);
    expect(slice?.ports).toEqual([{ name: "", port: 8080, protocol: "TCP" }]);
    expect(slice?.endpoints[0]).toMatchObject({
      conditions: { ready: true, serving: true, terminating: false },
      zone: slice?.endpoints[0]?.nodeName,
    });
    // Endpoints are another controller's.
    const addressesOf = async (): Promise<string[]> => {
      const { subsets } = await get(Kinds.Endpoints, "default", "my-api");
      return subsets?.[0]?.addresses?.map(({ ip }) => ip) ?? [];
    };
    await waitFor(async () => (await addressesOf()).length === 3);
    expect(await addressesOf()).toEqual(ips);
  });

  it("leaves slices alone when nothing that they show changes", async () => {
    const selector = `${SERVICE_NAME_LABEL}=my-api`;
    const [before] = await list(Kinds.EndpointSlice, "default", selector);
    await cluster.restartManager();
    await waitFor(() => cluster.manager().ready());
    // A later write that the same controller handles proves that it had looked at my-api.
    await cluster.rest.create(Kinds.Service, service("probe", "default"));
    await waitFor(
      async () =>
        (await list(Kinds.EndpointSlice, "default", `${SERVICE_NAME_LABEL}=probe`)).length === 1,
    );
    const [after] = await list(Kinds.EndpointSlice, "default", selector);
    expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  it("takes a pod out of the endpoints when it is not ready, and back in", async () => {
    const pods = await list(Kinds.Pod, "default", "app=my-api");
    const [victim] = pods;
    for (const node of nodes) {
      node.ready = (pod) => pod.metadata.name !== victim?.metadata.name;
      node.refresh();
    }
    await waitFor(async () => (await readyAddresses("default", "my-api")).length === 2);
    expect(await readyAddresses("default", "my-api")).not.toContain(victim?.status?.podIP);
    for (const node of nodes) {
      node.ready = () => true;
      node.refresh();
    }
    await waitFor(async () => (await readyAddresses("default", "my-api")).length === 3);
  });

  it("carries weights of pods in the slice's annotation", async () => {
    const [pod] = await list(Kinds.Pod, "default", "app=my-api");
    const body = { metadata: { annotations: { "kubehop.dev/weight": "5" } } };
    const patched = await cluster.rest.patch(Kinds.Pod, (pod as Pod).metadata, {
      type: "merge",
      body,
    });
    const ip = patched.status?.podIP ?? "";
    await waitFor(async () => {
      const slices = await list(Kinds.EndpointSlice, "default", `${SERVICE_NAME_LABEL}=my-api`);
      return slices.some((slice) => parseWeights(slice).get(ip) === 5);
    });
  });

  it("rolls a new template out, and back as kubectl rollout undo does", async () => {
    await cluster.rest.create(Kinds.Deployment, deployment("rolling", "default", 4));
    await rolledOut("default", "rolling", 4);
    const change = { spec: { template: template("rolling", "sample-app:2") } };
    const ref = { namespace: "default", name: "rolling" };
    await cluster.rest.patch(Kinds.Deployment, ref, { type: "merge", body: change });
    const second = await rolledOut("default", "rolling", 4);
    expect(second.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
    const sets = await list(Kinds.ReplicaSet, "default", "app=rolling");
    expect(sorted(sets.map((set) => set.spec.replicas))).toEqual([0, 4]);
    const undo = [{ op: "replace", path: "/spec/template", value: template("rolling") }];
    await cluster.rest.patch(Kinds.Deployment, ref, { type: "json", body: undo });
    const third = await rolledOut("default", "rolling", 4);
    expect(third.metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("3");
    expect(await list(Kinds.ReplicaSet, "default", "app=rolling")).toHaveLength(2);
  });

  it("scales up and down, and heals after a pod was deleted", async () => {
    const ref = { namespace: "default", name: "rolling" };
    for (const replicas of [7, 2]) {
      await cluster.rest.patch(Kinds.Deployment, ref, {
        type: "merge",
        body: { spec: { replicas } },
      });
      await rolledOut("default", "rolling", replicas);
      await waitFor(
        async () => (await list(Kinds.Pod, "default", "app=rolling")).length === replicas,
      );
    }
    const [pod] = await list(Kinds.Pod, "default", "app=rolling");
    await cluster.rest.delete(Kinds.Pod, (pod as Pod).metadata);
    await waitFor(async () => {
      const pods = await list(Kinds.Pod, "default", "app=rolling");
      return pods.length === 2 && pods.every((one) => one.metadata.uid !== pod?.metadata.uid);
    });
  });

  it("starts and renews a StatefulSet in order, with stable names", async () => {
    const metadata = { name: "my-db", namespace: "default" };
    await cluster.rest.create(Kinds.Service, {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { clusterIP: "None", selector: { app: "my-db" }, ports: [{ port: 5432 }] },
    });
    await cluster.rest.create(Kinds.StatefulSet, {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata,
      spec: {
        replicas: 3,
        serviceName: "my-db",
        selector: { matchLabels: { app: "my-db" } },
        template: template("my-db"),
      },
    });
    const isDone = async (): Promise<boolean> => {
      const { status, metadata: found } = await get(Kinds.StatefulSet, "default", "my-db");
      const isCurrent = status?.currentRevision === status?.updateRevision;
      const isObserved = status?.observedGeneration === found.generation;
      return isCurrent && isObserved && status?.readyReplicas === 3 && status.updatedReplicas === 3;
    };
    await waitFor(isDone, { timeoutMs: 60_000 });
    const pods = await list(Kinds.Pod, "default", "app=my-db");
    const names = ["my-db-0", "my-db-1", "my-db-2"];
    expect(sorted(pods.map((pod) => pod.metadata.name))).toEqual(names);
    expect(sorted(pods.map((pod) => pod.spec.hostname))).toEqual(names);
    await waitFor(async () => (await readyAddresses("default", "my-db")).length === 3);
    const [slice] = await list(Kinds.EndpointSlice, "default", `${SERVICE_NAME_LABEL}=my-db`);
    expect(slice?.metadata.labels).toHaveProperty("service.kubernetes.io/headless", "");
    expect(slice?.endpoints.map(({ hostname }) => hostname).toSorted()).toEqual(names);
    const body = { spec: { template: template("my-db", "sample-app:2") } };
    await cluster.rest.patch(Kinds.StatefulSet, metadata, { type: "merge", body });
    await waitFor(
      async () => {
        const now = await list(Kinds.Pod, "default", "app=my-db");
        const images = now.map((pod) => pod.spec.containers[0]?.image);
        return (await isDone()) && images.every((image) => image === "sample-app:2");
      },
      { timeoutMs: 60_000 },
    );
    expect(await list(Kinds.ControllerRevision, "default", "app=my-db")).toHaveLength(2);
  });

  it("gives each namespace its ServiceAccount and CA, and empties a deleted one", async () => {
    await createNamespace("doomed");
    await waitFor(() => get(Kinds.ServiceAccount, "doomed", "default"));
    const ca = await waitFor(() => get(Kinds.ConfigMap, "doomed", "kube-root-ca.crt"));
    expect(ca.data?.["ca.crt"]).toContain("BEGIN CERTIFICATE");
    await cluster.rest.create(Kinds.Deployment, deployment("app", "doomed", 2));
    await rolledOut("doomed", "app", 2);
    await cluster.rest.delete(Kinds.Namespace, { name: "doomed" });
    await waitFor(
      async () => {
        const namespaces = (await cluster.rest.list(Kinds.Namespace)).items;
        return namespaces.every(({ metadata }) => metadata.name !== "doomed");
      },
      { timeoutMs: 60_000, describe: "the namespace to go" },
    );
    expect(await list(Kinds.Pod, "doomed")).toEqual([]);
  });

  for (const policy of ["Background", "Foreground"] as const) {
    it(`collects what belonged to a deleted Deployment (${policy})`, async () => {
      const name = `gone-${policy.toLowerCase()}`;
      await cluster.rest.create(Kinds.Deployment, deployment(name, "default", 2));
      await rolledOut("default", name, 2);
      const ref = { namespace: "default", name };
      await cluster.rest.delete(Kinds.Deployment, ref, { propagationPolicy: policy });
      await waitFor(
        async () => {
          const kinds = [Kinds.Deployment, Kinds.ReplicaSet, Kinds.Pod] as unknown as Kind[];
          const found = await Promise.all(kinds.map((kind) => list(kind, "default")));
          return found.flat().every((object) => !object.metadata.name.startsWith(name));
        },
        { timeoutMs: 60_000 },
      );
    });
  }

  it("leaves orphans alone", async () => {
    await cluster.rest.create(Kinds.Deployment, deployment("orphaned", "default", 1));
    await rolledOut("default", "orphaned", 1);
    const ref = { namespace: "default", name: "orphaned" };
    await cluster.rest.delete(Kinds.Deployment, ref, { propagationPolicy: "Orphan" });
    const sets = await waitFor(async () => {
      const deployments = await list(Kinds.Deployment, "default");
      if (deployments.some(({ metadata }) => metadata.name === "orphaned")) return undefined;
      return list(Kinds.ReplicaSet, "default", "app=orphaned");
    });
    expect(sets).toHaveLength(1);
    expect(sets[0]?.metadata.ownerReferences ?? []).toEqual([]);
    expect(await list(Kinds.Pod, "default", "app=orphaned")).toHaveLength(1);
  });

  it("tells why a pod cannot be scheduled, and schedules it when it can", async () => {
    const pod: Pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "picky", namespace: "default" },
      spec: { ...template("picky").spec, nodeSelector: { disk: "ssd" } },
    };
    await cluster.rest.create(Kinds.Pod, pod);
    const refused = await waitFor(async () => {
      const { status } = await get(Kinds.Pod, "default", "picky");
      return status?.conditions?.find(({ type }) => type === "PodScheduled");
    });
    expect(refused).toMatchObject({ status: "False", reason: "Unschedulable" });
    await waitFor(async () => {
      const events = await list(Kinds.Event, "default");
      return events.some(({ reason, involvedObject }) => {
        return reason === "FailedScheduling" && involvedObject.name === "picky";
      });
    });
    const body = { metadata: { labels: { disk: "ssd" } } };
    await cluster.rest.patch(Kinds.Node, { name: "node-2" }, { type: "merge", body });
    const bound = await waitFor(async () => {
      const found = await get(Kinds.Pod, "default", "picky");
      return found.spec.nodeName === undefined ? undefined : found;
    });
    expect(bound.spec.nodeName).toBe("node-2");
  });

  it("goes on after kills of nats-server and of the API server, without duplicates", async () => {
    await cluster.rest.create(Kinds.Service, service("tough", "default"));
    await cluster.rest.create(Kinds.Deployment, deployment("tough", "default", 3));
    await cluster.nats.restart();
    await cluster.apiServer.restart();
    await rolledOut("default", "tough", 3);
    await cluster.nats.kill();
    await cluster.nats.restart();
    const scaled = { type: "merge", body: { spec: { replicas: 5 } } } as const;
    const ref = { namespace: "default", name: "tough" };
    await waitFor(() => cluster.rest.patch(Kinds.Deployment, ref, scaled));
    await rolledOut("default", "tough", 5);
    await waitFor(async () => (await readyAddresses("default", "tough")).length === 5);
    const pods = await list(Kinds.Pod, "default", "app=tough");
    expect(pods).toHaveLength(5);
    const sets = await list(Kinds.ReplicaSet, "default", "app=tough");
    expect(sets).toHaveLength(1);
    const slices = await list(Kinds.EndpointSlice, "default", `${SERVICE_NAME_LABEL}=tough`);
    expect(slices).toHaveLength(1);
  });
});
