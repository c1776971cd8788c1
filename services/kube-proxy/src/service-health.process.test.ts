import { createServer } from "node:net";
import { once } from "node:events";
import { createLogger } from "@kubehop/kit";
import { buildTable, type ServiceTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { createServiceHealth } from "./service-health.ts";

const NODE = { name: "node-1", addresses: ["127.0.0.1"] };

function tableOf(
  port: number,
  endpoints: readonly { node: string; ready: boolean }[],
): ServiceTable {
  const service = serviceFixture({
    ports: [{ name: "http", port: 80, nodePort: 30_080 }],
    spec: { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: port },
  });
  const slice = sliceFixture({
    endpoints: endpoints.map(({ node, ready }, index) => ({
      addresses: [`10.244.1.${index + 1}`],
      nodeName: node,
      conditions: { ready, serving: true, terminating: !ready },
    })),
  });
  return buildTable([service], [slice], NODE, "1");
}

function setUp() {
  const unbound: string[] = [];
  let proxyHealthy = true;
  const health = createServiceHealth({
    addresses: NODE.addresses,
    retryMs: 20,
    logger: createLogger({ name: "test", level: "silent" }),
    isProxyHealthy: () => proxyHealthy,
    onUnbound: (service, problem) => void unbound.push(`${service}: ${problem}`),
  });
  return { health, unbound, setProxyHealthy: (value: boolean) => void (proxyHealthy = value) };
}

async function ask(port: number): Promise<{ code: number; weight: string | null; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/anything`);
  const weight = response.headers.get("x-load-balancing-endpoint-weight");
  return { code: response.status, weight, body: await response.json() };
}

const here = { node: "node-1", ready: true };
const elsewhere = { node: "node-2", ready: true };

describe("createServiceHealth", () => {
  it("says on the Service's port whether a ready endpoint is on this node", async () => {
    const { health, setProxyHealthy } = setUp();
    await using _ = health;
    const port = await freePort();
    await health.sync(tableOf(port, [here, here, elsewhere]));
    expect(await ask(port)).toEqual({
      code: 200,
      weight: "2",
      body: {
        service: { namespace: "default", name: "my-api" },
        localEndpoints: 2,
        serviceProxyHealthy: true,
      },
    });
    setProxyHealthy(false);
    expect(await ask(port)).toMatchObject({ code: 503, body: { serviceProxyHealthy: false } });
    setProxyHealthy(true);
    await health.sync(tableOf(port, [elsewhere]));
    expect(await ask(port)).toMatchObject({ code: 503, weight: "0" });
  });

  it("fails while endpoints only terminate, although they still serve", async () => {
    const { health } = setUp();
    await using _ = health;
    const port = await freePort();
    await health.sync(tableOf(port, [{ node: "node-1", ready: false }]));
    expect((await ask(port)).code).toBe(503);
  });

  it("closes the port with the Service", async () => {
    const { health } = setUp();
    await using _ = health;
    const port = await freePort();
    await health.sync(tableOf(port, [here]));
    await health.sync(buildTable([], [], NODE, "2"));
    await expect(ask(port)).rejects.toThrow("fetch failed");
  });

  it("tells once of a port that is taken, and opens it when it is free", async () => {
    const { health, unbound } = setUp();
    await using _ = health;
    const taken = createServer();
    const port = await freePort();
    taken.listen(port, "127.0.0.1");
    await once(taken, "listening");
    await health.sync(tableOf(port, [here]));
    await waitFor(() => unbound.length > 0);
    taken.close();
    expect(await waitFor(async () => (await ask(port)).code)).toBe(200);
    expect(unbound).toEqual([expect.stringMatching(/^default\/my-api: listen EADDRINUSE/)]);
  });
});
