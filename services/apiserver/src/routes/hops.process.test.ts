import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

it("streams hop events and renews the tracer's lease while somebody listens", async () => {
  await using bus = await server.nats.connect("component");
  const leases: { expires: number; begins?: boolean }[] = [];
  using _leases = bus.subscribe("trace.lease", (event) => {
    leases.push(event as { expires: number });
  });
  const first = await server.stream("/apis/kubehop.dev/v1alpha1/hops");
  const event = { type: "synced", component: "dns", node: "node-1", resourceVersion: "7" };
  await waitFor(() => leases.length > 0);
  await waitFor(() => {
    bus.publish("hop.dns.node-1", event);
    return first.lines.length > 0;
  });
  expect(first.lines[0]).toEqual(event);
  await waitFor(() => leases.length >= 2);
  expect(leases[0]).toHaveProperty("begins", true);
  expect(leases[1]).not.toHaveProperty("begins");
  expect(leases[1]?.expires).toBeGreaterThan(leases[0]?.expires ?? 0);
  first[Symbol.dispose]();
  using second = await server.stream("/apis/kubehop.dev/v1alpha1/hops");
  await waitFor(() => {
    bus.publish("hop.kube-proxy.node-2", { type: "closed" });
    return second.lines.length > 0;
  });
});
