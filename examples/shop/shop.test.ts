import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  KubehopContainer,
  RequestError,
  type StartedKubehopContainer,
} from "@kubehop/testcontainers";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { afterAll, beforeAll, expect, test } from "vitest";

const SERVICES = join(import.meta.dirname, "services");
const ORDERS_SERVICE = `
apiVersion: v1
kind: Namespace
metadata: { name: warehouse }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: warehouse }
spec:
  selector: { app: orders }
  ports: [{ port: 80, targetPort: 3000 }]
`;

interface Page {
  readonly products: readonly { readonly id: string; readonly sold: number | null }[];
  readonly pod: string;
}

let lab: StartedKubehopContainer;
let orders: StartedTestContainer;
let shop: string;

beforeAll(async () => {
  const starting = new KubehopContainer(process.env["KUBEHOP_IMAGE"] ?? "kubehop:dev")
    .withCopyDirectoriesToContainer([{ source: SERVICES, target: "/shop" }])
    .withManifests(join(import.meta.dirname, "shop.yaml"))
    .withYaml(ORDERS_SERVICE)
    .start();
  const others = new GenericContainer("node:24-bookworm-slim")
    .withCopyFilesToContainer([{ source: join(SERVICES, "orders.mjs"), target: "/orders.mjs" }])
    .withEntrypoint(["node", "/orders.mjs"])
    .withWaitStrategy(Wait.forLogMessage("orders can be taken"))
    .start();
  [lab, orders] = await Promise.all([starting, others]);
  await lab.addPod(orders, {
    namespace: "warehouse",
    name: "orders",
    labels: { app: "orders" },
    ports: [3000],
  });
  await lab.waitForEndpoints("warehouse/orders", 1);
  shop = await lab.serviceUrl("storefront");
});

afterAll(async () => {
  await Promise.all([lab?.stop(), orders?.stop()]);
});

test("a customer sees the products, and what is bought is counted", async () => {
  expect(await soldOf("kettle")).toBe(0);
  const bought = await fetch(`${shop}/buy/kettle`, { method: "POST" });
  expect(await bought.json()).toEqual({ bought: "Kettle", sold: 1 });
  expect(await soldOf("kettle")).toBe(1);
});

test("the storefront finds the catalog by its short name, and draws one of its two pods", async () => {
  const { trace, body } = await lab.request("http://catalog/products", {
    from: "deploy/storefront",
  });
  expect(trace.request.queries[0]?.name).toBe("catalog.default.svc.cluster.local");
  const hop = trace.request.connection?.proxy;
  if (hop?.type !== "forwarded") throw new Error("the connection was not forwarded");
  expect(hop.candidates).toHaveLength(2);
  expect(trace.pods.get(hop.endpoint.ip)?.name).toBe((JSON.parse(body) as Page).pod);
});

test("orders are in another namespace: without its name they are not found", async () => {
  const asked = lab.request("http://orders/", { from: "deploy/storefront" });
  const failure = await asked.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestError);
  expect(failure).toMatchObject({ step: "dns" });
  const found = await lab.resolve("orders.warehouse", { from: "deploy/storefront", type: "A" });
  expect(found.answers).toHaveLength(1);
});

test("with one catalog pod stuck the shop goes on", async () => {
  const [stuck] = await lab.waitForEndpoints("catalog", 2);
  await lab.pause(stuck?.pod ?? "");
  await lab.waitForEndpoints("catalog", 1);
  const pages = await Promise.all(Array.from({ length: 10 }, getPage));
  expect(pages.map(({ pod }) => pod)).not.toContain(stuck?.pod);
  await lab.resume(stuck?.pod ?? "");
  await lab.waitForEndpoints("catalog", 2);
});

test("while orders hang, products are shown without counts, and buying says so", async () => {
  await lab.pause("orders", { namespace: "warehouse" });
  try {
    expect(await soldOf("kettle")).toBeNull();
    const refused = await fetch(`${shop}/buy/teapot`, { method: "POST" });
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("sorry")]);
  } finally {
    await lab.resume("orders", { namespace: "warehouse" });
  }
  await lab.waitForEndpoints("warehouse/orders", 1);
  expect(await soldOf("kettle")).toBe(1);
});

test("without any catalog pod the storefront fails fast", async () => {
  const manifest = await readFile(join(import.meta.dirname, "shop.yaml"), "utf8");
  await lab.apply(manifest.replace("replicas: 2", "replicas: 0"));
  await lab.waitForEndpoints("catalog", 0);
  const page = await fetch(shop);
  expect([page.status, await page.text()]).toEqual([503, expect.stringContaining("sorry")]);
  await lab.apply(manifest);
  await lab.waitForEndpoints("catalog", 2);
  expect((await getPage()).products).toHaveLength(2);
});

async function getPage(): Promise<Page> {
  const response = await fetch(shop, { headers: { connection: "close" } });
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

async function soldOf(id: string): Promise<number | null | undefined> {
  return (await getPage()).products.find((product) => product.id === id)?.sold;
}
