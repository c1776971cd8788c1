import { type Draft, type Endpoints, Kinds, type Service, type ServiceSpec } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster, type TestCluster } from "./testing/cluster.ts";

const NAMESPACE = "default";

const service = (name: string, spec: Partial<ServiceSpec> = {}): Draft<Service> => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NAMESPACE },
  spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }], ...spec },
});

describe("controllers of Services", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
    await waitFor(() => cluster.manager().ready(), { timeoutMs: 60_000 });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const ref = (name: string) => ({ namespace: NAMESPACE, name });
  const addressOf = async (name: string): Promise<string | undefined> =>
    (await cluster.rest.get(Kinds.Service, ref(name))).status?.loadBalancer?.ingress?.[0]?.ip;
  const slicesOf = async (name: string) => {
    const labelSelector = `kubernetes.io/service-name=${name}`;
    const { items } = await cluster.rest.list(Kinds.EndpointSlice, {
      namespace: NAMESPACE,
      labelSelector,
    });
    return items;
  };
  const addressesOf = async (name: string): Promise<string> =>
    (await slicesOf(name))
      .flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))
      .toSorted()
      .join(" ");

  it("give each load balancer an address of its own, and a freed one to who waits", async () => {
    const spec = { type: "LoadBalancer" as const };
    const names = [1, 2, 3, 4, 5, 6].map((n) => `balanced-${n}`);
    await Promise.all(names.map((name) => cluster.rest.create(Kinds.Service, service(name, spec))));
    const given = await Promise.all(names.map((name) => waitFor(() => addressOf(name))));
    expect(given.toSorted()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `192.0.2.${n}`));

    await cluster.rest.create(Kinds.Service, service("late", spec));
    await waitFor(async () => {
      const { items } = await cluster.rest.list(Kinds.Event, { namespace: NAMESPACE });
      return items.some(({ reason, involvedObject, message }) => {
        const isAboutIt = reason === "SyncLoadBalancerFailed" && involvedObject.name === "late";
        return isAboutIt && message?.includes("the pool has no free IPv4 address");
      });
    });
    const body = { spec: { type: "ClusterIP" } };
    await cluster.rest.patch(Kinds.Service, ref("balanced-3"), { type: "merge", body });
    expect(await waitFor(() => addressOf("late"))).toBe(given[2]);
    expect(await addressOf("balanced-3")).toBeUndefined();
  });

  it("leave a Service of another load balancer's class alone", async () => {
    const spec = { type: "LoadBalancer" as const, loadBalancerClass: "example.com/other" };
    await cluster.rest.create(Kinds.Service, service("foreign", spec));
    await cluster.rest.delete(Kinds.Service, ref("late"));
    await cluster.rest.create(Kinds.Service, service("later", { type: "LoadBalancer" }));
    await waitFor(() => addressOf("later"));
    expect(await addressOf("foreign")).toBeUndefined();
  });

  it("mirror a user's Endpoints to slices, and follow what becomes of them", async () => {
    await cluster.rest.create(Kinds.Service, service("outside"));
    const endpoints: Draft<Endpoints> = {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "outside", namespace: NAMESPACE },
      subsets: [{ addresses: [{ ip: "198.51.100.1" }], ports: [{ name: "http", port: 8080 }] }],
    };
    await cluster.rest.create(Kinds.Endpoints, endpoints);
    await waitFor(async () => (await addressesOf("outside")) === "198.51.100.1");
    const [slice] = await slicesOf("outside");
    expect(slice?.ports).toMatchObject([{ name: "http", port: 8080, protocol: "TCP" }]);

    const addresses = [{ ip: "198.51.100.2" }, { ip: "198.51.100.3" }];
    const body = { subsets: [{ addresses, ports: [{ name: "http", port: 8080 }] }] };
    await cluster.rest.patch(Kinds.Endpoints, ref("outside"), { type: "merge", body });
    await waitFor(async () => (await addressesOf("outside")) === "198.51.100.2 198.51.100.3");

    await cluster.rest.delete(Kinds.Endpoints, ref("outside"));
    await waitFor(async () => (await slicesOf("outside")).length === 0);
  });

  it("mirror no Endpoints of a Service that has a selector", async () => {
    await cluster.rest.create(Kinds.Service, service("selecting", { selector: { app: "nobody" } }));
    await waitFor(async () => (await slicesOf("selecting")).length > 0);
    const managers = (await slicesOf("selecting")).map(
      ({ metadata }) => metadata.labels?.["endpointslice.kubernetes.io/managed-by"],
    );
    expect(managers).toEqual(["endpointslice-controller.k8s.io"]);
  });
});
