import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAffinityMemory } from "./affinity.ts";
import { buildTable, type ServicePort } from "./service-table.ts";
import { serviceFixture, sliceFixture } from "./testing/fixtures.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };

describe("createAffinityMemory", () => {
  it("remembers until the time-out and starts it anew with each new flow", () => {
    const { memory, service, at } = setUp(["10.244.1.5"]);
    at(0);
    memory.remember(service, "10.244.9.9", "10.244.1.5:8080");
    at(9_999);
    expect(memory.recall(service, "10.244.9.9")).toBe("10.244.1.5:8080");
    memory.remember(service, "10.244.9.9", "10.244.1.5:8080");
    at(19_998);
    expect(memory.recall(service, "10.244.9.9")).toBe("10.244.1.5:8080");
    at(19_999);
    expect(memory.recall(service, "10.244.9.9")).toBeUndefined();
  });

  it("forgets clients of an endpoint that left, and keeps the others", () => {
    const { memory, service } = setUp(["10.244.1.5", "10.244.1.6"]);
    memory.remember(service, "10.244.9.1", "10.244.1.5:8080");
    memory.remember(service, "10.244.9.2", "10.244.1.6:8080");
    memory.retain(servicePort(["10.244.1.6"]));
    expect(memory.recall(service, "10.244.9.1")).toBeUndefined();
    expect(memory.recall(service, "10.244.9.2")).toBe("10.244.1.6:8080");
    memory.forget(service.key);
    expect(memory.size(service.key)).toBe(0);
  });

  it("remembers nothing for a Service without affinity", () => {
    const { memory } = setUp(["10.244.1.5"]);
    const plain = servicePort(["10.244.1.5"], "None");
    memory.remember(plain, "10.244.9.9", "10.244.1.5:8080");
    expect(memory.size(plain.key)).toBe(0);
  });

  it("never holds more than its bound, and drops whom it has not seen for longest", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 10 }),
        (clients, maxClients) => {
          const { memory, service } = setUp(["10.244.1.5"], maxClients);
          for (const client of clients) memory.remember(service, `10.244.9.${client}`, "x");
          const recent = [...new Set(clients.toReversed())].slice(0, maxClients);
          expect(memory.size(service.key)).toBe(recent.length);
          for (const client of recent) {
            expect(memory.recall(service, `10.244.9.${client}`)).toBe("x");
          }
        },
      ),
    );
  });

  it("drops expired clients as new ones come", () => {
    const { memory, service, at } = setUp(["10.244.1.5"]);
    at(0);
    for (let n = 0; n < 100; n++) memory.remember(service, `old-${n}`, "x");
    at(10_000);
    for (let n = 0; n < 50; n++) memory.remember(service, `new-${n}`, "x");
    expect(memory.size(service.key)).toBe(50);
  });
});

function setUp(endpoints: readonly string[], maxClients?: number) {
  let now = 0;
  const options = maxClients === undefined ? {} : { maxClients };
  return {
    memory: createAffinityMemory({ monotonic: () => now, ...options }),
    service: servicePort(endpoints),
    at: (time: number) => (now = time),
  };
}

function servicePort(
  endpoints: readonly string[],
  sessionAffinity: "ClientIP" | "None" = "ClientIP",
): ServicePort {
  const sessionAffinityConfig = { clientIP: { timeoutSeconds: 10 } };
  const service = serviceFixture({ spec: { sessionAffinity, sessionAffinityConfig } });
  const table = buildTable([service], [sliceFixture({ endpoints })], NODE, "1");
  const frontend = table.frontends.get("TCP/10.96.0.50:80");
  if (frontend === undefined) throw new Error("the table lacks its only frontend");
  return frontend.service;
}
