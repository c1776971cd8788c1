import { freePort, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import type { DataPlane, DataPlaneOptions } from "../dataplane.ts";
import { endpointIp, freshIp, type LoopbackService, tableOf } from "./loopback-cluster.ts";
import { ask, startTcpBackend } from "./tcp-peers.ts";
import { createTestDataPlane } from "./test-data-plane.ts";

const ONE = endpointIp(1);

/**
 * What every data plane must bear: many Services that come and go. `held` tells how much it holds
 * for its table: open files, or lines of rules in the kernel.
 */
export function describeChurn(
  mode: string,
  create: (options: DataPlaneOptions) => DataPlane,
  held: () => number,
): void {
  describe(`data plane ${mode}, with Services that come and go`, () => {
    it("leaves nothing behind of a thousand", async () => {
      using backend = await startTcpBackend(ONE, 0, (socket) => socket.end(ONE));
      await using test = createTestDataPlane(create);
      const endpoints = { targetPort: backend.port, endpoints: [ONE] };
      const bystander = { name: "bystander", ip: freshIp(), port: await freePort(), ...endpoints };
      const passing = (round: number): LoopbackService[] =>
        Array.from({ length: 250 }, (_, n) => ({
          name: `passing-${round}-${n}`,
          ip: `127.97.${round}.${n}`,
          port: bystander.port,
          protocol: n % 2 === 0 ? "TCP" : "UDP",
          ...endpoints,
        }));
      await test.plane.sync(tableOf(bystander));
      const before = held();
      for (let round = 0; round < 4; round++) {
        await test.plane.sync(tableOf(bystander, ...passing(round)));
        expect(await ask(`127.97.${round}.248`, bystander.port)).toBe(ONE);
        expect(held()).toBeGreaterThanOrEqual(before + 250);
        await test.plane.sync(tableOf(bystander));
        expect(await ask(bystander.ip, bystander.port)).toBe(ONE);
      }
      await waitFor(() => held() === before, { describe: () => `${before} held; it is ${held()}` });
    });
  });
}
