import { ERRNO, loadSyscalls, type Syscalls } from "@kubehop/syscalls";
import { freePort, waitFor } from "@kubehop/testkit";
import { expect, it } from "vitest";
import { endpointIp, freshIp, tableOf } from "../../testing/loopback-cluster.ts";
import { ask, startGreeters } from "../../testing/tcp-peers.ts";
import { createTestDataPlane } from "../../testing/test-data-plane.ts";
import { openUdp, startUdpEcho } from "../../testing/udp-peers.ts";
import { createUserspaceDataPlane } from "../index.ts";

const ONE = endpointIp(1);
const sys = await loadSyscalls();

it("lets clients wait while there is no file to accept them with", async () => {
  const machine = scarceMachine(["accept4"]);
  const [greeter] = await startGreeters([ONE]);
  using _ = greeter;
  await using test = createTestDataPlane((options) =>
    createUserspaceDataPlane({ ...options, syscalls: machine.syscalls }),
  );
  const service = { ip: freshIp(), port: await freePort() };
  await test.plane.sync(tableOf({ ...service, targetPort: greeter?.port ?? 0, endpoints: [ONE] }));
  machine.exhaust();
  const asked = [ask(service.ip, service.port), ask(service.ip, service.port)];
  await waitFor(() => machine.refused() >= 2);
  machine.relieve();
  expect(await Promise.all(asked)).toEqual([ONE, ONE]);
  expect(test.stats.tcpConnections).toBe(2);
});

it("drops a datagram for which there is no file, and takes the next one", async () => {
  const machine = scarceMachine(["socket"]);
  using echo = await startUdpEcho(ONE, 0);
  await using test = createTestDataPlane((options) =>
    createUserspaceDataPlane({ ...options, syscalls: machine.syscalls }),
  );
  const service = { ip: freshIp(), port: await freePort(), protocol: "UDP" as const };
  await test.plane.sync(tableOf({ ...service, targetPort: echo.port, endpoints: [ONE] }));
  using client = await openUdp(service.ip, service.port);
  machine.exhaust();
  client.send("lost");
  await waitFor(() => test.stats.udpErrors === 1);
  expect(test.stats.udpFlowsOpen).toBe(0);
  machine.relieve();
  expect(await client.ask("again")).toBe(`${ONE} again`);
});

/** This machine's system calls, of which some find no file left while it is exhausted. */
function scarceMachine(calls: readonly ("accept4" | "socket")[]) {
  let [isExhausted, refused] = [false, 0];
  const refuse = (): number => {
    refused += 1;
    return -ERRNO.EMFILE;
  };
  const accept4: Syscalls["accept4"] = (...given) =>
    isExhausted && calls.includes("accept4") ? refuse() : sys.accept4(...given);
  const socket: Syscalls["socket"] = (...given) =>
    isExhausted && calls.includes("socket") ? refuse() : sys.socket(...given);
  return {
    syscalls: { ...sys, accept4, socket },
    refused: () => refused,
    exhaust: () => void (isExhausted = true),
    relieve: () => void (isExhausted = false),
  };
}
