import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { waitFor } from "@kubehop/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testContainer, testPod, testState } from "../testing/objects.ts";
import { PodProbes } from "./pod-probes.ts";

let server: Server;
let port: number;
beforeEach(async () => {
  server = createServer((_request, answer) => answer.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

it("probes a container at its new address, and believes nothing of the old one", async () => {
  using probes = new PodProbes({ onChange: () => undefined, onResult: () => undefined });
  const readinessProbe = { httpGet: { port }, periodSeconds: 1, failureThreshold: 1 };
  const container = testContainer({ readinessProbe });
  const state = { ...testState(), startedAt: Date.now() };
  const exec = (): never => {
    throw new Error("no commands here");
  };
  const at = (podIp: string): void => {
    probes.sync(testPod(), [{ container, state, podIp, exec }], false);
  };
  const isReady = (): boolean => probes.verdicts(container, state).ready;
  at("127.0.0.1");
  expect(isReady()).toBe(false);
  await waitFor(isReady);
  at("127.0.0.1");
  expect(isReady()).toBe(true);
  // Nobody listens there.
  at("127.0.0.2");
  expect(isReady()).toBe(false);
  at("127.0.0.1");
  await waitFor(isReady);
});
