import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const PATH = "/api/v1/namespaces/default/services";
const ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses";

function service(name: string, spec: object = {}): object {
  const ports = [{ port: 80 }];
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports, ...spec } };
}

function create(name: string, spec: object = {}, query = ""): Promise<Answer> {
  return server.send(`${PATH}${query}`, { method: "POST", body: service(name, spec) });
}

describe("a ServiceCIDR", () => {
  const RANGES = "/apis/networking.k8s.io/v1/servicecidrs";

  it("is ready, gives addresses, and stays as long as a Service has one of them", async () => {
    const path = `${RANGES}/further`;
    const ready = (status: string): Promise<unknown> =>
      waitFor(async () => {
        const { conditions = [] } = (await server.send(path)).body.status ?? {};
        return conditions.some((one: { status: string }) => one.status === status);
      });
    const range = {
      apiVersion: "networking.k8s.io/v1",
      kind: "ServiceCIDR",
      metadata: { name: "further" },
      spec: { cidrs: ["10.97.0.0/24"] },
    };
    const early = await create("beyond", { clusterIP: "10.97.0.20" });
    expect(early.body.message).toContain("the provided");
    await server.send(RANGES, { method: "POST", body: range });
    await ready("True");
    const finalizers = ["networking.k8s.io/service-cidr-finalizer"];
    await waitFor(async () => {
      const { metadata } = (await server.send(path)).body;
      return metadata.finalizers?.join() === finalizers.join();
    });
    expect((await create("beyond", { clusterIP: "10.97.0.20" })).status).toBe(201);
    await server.send(path, { method: "DELETE" });
    await ready("False");
    const late = await create("later", { clusterIP: "10.97.0.21" });
    expect(late.status).toBe(422);
    await server.send(`${PATH}/beyond`, { method: "DELETE" });
    await waitFor(async () => (await server.send(path)).status === 404, { timeoutMs: 60_000 });
  });
});

describe("a Service", () => {
  it("gets a cluster IP that is an IPAddress object of its own", async () => {
    const { body } = await create("plain");
    const { clusterIP, clusterIPs, ipFamilies } = body.spec;
    expect(clusterIP).toMatch(/^10\.96\.\d+\.\d+$/);
    expect([clusterIPs, ipFamilies]).toEqual([[clusterIP], ["IPv4"]]);
    const address = await server.send(`${ADDRESSES}/${clusterIP}`);
    expect(address.body.spec.parentRef).toMatchObject({ namespace: "default", name: "plain" });
    await server.send(`${PATH}/plain`, { method: "DELETE" });
    expect((await server.send(`${ADDRESSES}/${clusterIP}`)).status).toBe(404);
  });

  it("can't take what another has", async () => {
    await create("first", { clusterIP: "10.96.0.50", type: "NodePort", ports: [PORT] });
    const address = await create("second", { clusterIP: "10.96.0.50" });
    expect([address.status, address.body.message]).toEqual([
      422,
      expect.stringContaining("failed to allocate IP 10.96.0.50: provided IP is already allocated"),
    ]);
    const port = await create("second", { type: "NodePort", ports: [PORT] });
    expect(port.body.message).toContain("provided port is already allocated");
    expect((await server.send(`${PATH}/second`)).status).toBe(404);
  });

  it("that is refused, or only tried, holds nothing", async () => {
    const before = await held();
    await create("twice", { clusterIP: "10.96.0.60" });
    await create("twice", { clusterIP: "10.96.0.61" });
    await create("dry", { clusterIP: "10.96.0.62" }, "?dryRun=All");
    expect(await held()).toEqual([...before, "10.96.0.60"].sort());
  });

  it("that loses the race for its name gives back what it took", async () => {
    // Connections first: then the eight requests arrive together.
    await Promise.all(Array.from({ length: 8 }, () => server.send(PATH)));
    const before = await held();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create("racing")));
    const codes = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(codes).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    const winner = answers.find(({ status }) => status === 201)?.body.spec.clusterIP as string;
    expect(await held()).toEqual([...before, winner].sort());
  });

  it("keeps its address through updates and loses it with its type", async () => {
    const { body } = await create("changing");
    const replaced = await server.send(`${PATH}/changing`, {
      method: "PUT",
      body: service("changing", { ports: [{ port: 81 }] }),
    });
    expect(replaced.body.spec.clusterIP).toBe(body.spec.clusterIP);
    const external = { type: "ExternalName", externalName: "example.com" };
    await server.send(`${PATH}/changing`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: { spec: { ...external, clusterIP: null, clusterIPs: null } },
    });
    expect(await held()).not.toContain(body.spec.clusterIP);
  });

  it("created by many at a time never shares an address", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `many-${index}`);
    const answers = await Promise.all(names.map((name) => create(name, { type: "NodePort" })));
    const ips = answers.map(({ body }) => body.spec.clusterIP as string);
    const ports = answers.map(({ body }) => body.spec.ports[0].nodePort as number);
    expect([new Set(ips).size, new Set(ports).size]).toEqual([40, 40]);
  });
});

const PORT = { port: 80, nodePort: 30_080 };

async function held(): Promise<string[]> {
  const { body } = await server.send(ADDRESSES);
  const items = body.items as { metadata: { name: string } }[];
  return items.map(({ metadata }) => metadata.name).sort();
}
