import { expect, test } from "vitest";
import { hopSubject, type HopEvent } from "./hop-event.ts";

test("events of a component go to its own subject", () => {
  const event: HopEvent = {
    type: "synced",
    component: "kube-proxy",
    node: "node-1",
    time: 1,
    resourceVersion: "7",
  };
  expect(hopSubject(event)).toBe("hop.kube-proxy.node-1");
});
