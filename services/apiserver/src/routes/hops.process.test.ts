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
  // What is sent before nats-server knows of the subscription is not heard.
  await waitFor(() => {
    bus.publish("trace.lease", { expires: 0 });
    return leases.length > 0;
  });
  const sent = (): typeof leases => leases.filter(({ expires }) => expires > 0);
  const first = await server.stream("/apis/kubehop.dev/v1alpha1/hops");
  const event = { type: "synced", component: "dns", node: "node-1", resourceVersion: "7" };
  await waitFor(() => {
    bus.publish("hop.dns.node-1", event);
    return first.lines.length > 0;
  });
  expect(first.lines[0]).toEqual(event);
  const [begun, renewed] = await waitFor(() => (sent().length >= 2 ? sent() : undefined));
  expect(begun).toHaveProperty("begins", true);
  expect(renewed).not.toHaveProperty("begins");
  expect(renewed?.expires).toBeGreaterThan(begun?.expires ?? 0);
  first[Symbol.dispose]();
  using second = await server.stream("/apis/kubehop.dev/v1alpha1/hops");
  await waitFor(() => {
    bus.publish("hop.kube-proxy.node-2", { type: "closed" });
    return second.lines.length > 0;
  });
});
