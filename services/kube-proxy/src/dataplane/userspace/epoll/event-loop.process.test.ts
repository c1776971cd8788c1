import { type AddressInfo, connect, createServer } from "node:net";
import { once } from "node:events";
import { EPOLL, loadSyscalls } from "@kubehop/syscalls";
import { waitFor } from "@kubehop/testkit";
import { expect, it } from "vitest";
import { EventLoop } from "./event-loop.ts";
import { Sockets } from "./sockets.ts";

const sys = await loadSyscalls();

it("tells a handler of its own descriptor's events alone", async () => {
  await using two = await openListeners();
  await two.knock(0);
  await waitFor(() => two.told[0] === 1);
  expect(two.told).toEqual([1, 0]);
});

it("drops events of a place that was given up, and taken again, while they were on their way", async () => {
  await using two = await openListeners();
  const quiet = new Sockets(sys).listen({ ip: "127.0.0.1", port: 0 }, false);
  let strays = 0;
  // Both have something to tell in one turn; the first to be told gives the other's place away.
  two.onEvent((index) => {
    two.remove(1 - index);
    two.loop.add(quiet, EPOLL.IN, { onEvents: () => void (strays += 1) });
  });
  await Promise.all([two.knock(0), two.knock(1)]);
  two.loop.takeTurn();
  expect(two.told.reduce((sum, count) => sum + count)).toBe(1);
  expect(strays).toBe(0);
  sys.close(quiet);
});

it("has Node's own work done while its events never end", async () => {
  const loop = new EventLoop(sys);
  let turns = 0;
  const busy = {
    resume: () => {
      turns += 1;
      loop.later(busy);
    },
  };
  loop.later(busy);
  const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "127.0.0.1").resume();
  await once(client, "end");
  expect(turns).toBeGreaterThan(100);
  server.close();
  loop[Symbol.dispose]();
});

/** Two listening sockets in one loop; an event closes what made it. */
async function openListeners() {
  const [loop, sockets] = [new EventLoop(sys), new Sockets(sys)];
  const told = [0, 0];
  const fds = [0, 1].map(() => sockets.listen({ ip: "127.0.0.1", port: 0 }, false));
  const clients = new DisposableStack();
  let after = (_index: number): void => {};
  const places = fds.map((fd, index) =>
    loop.add(fd, EPOLL.IN, {
      onEvents: () => {
        told[index] = (told[index] ?? 0) + 1;
        sys.close(sockets.accept(fd));
        after(index);
      },
    }),
  );
  const open = new Set(fds);
  const closeAt = (index: number): void => {
    const fd = fds[index] ?? -1;
    if (!open.delete(fd)) return;
    loop.remove(places[index] ?? 0);
    sys.close(fd);
  };
  return {
    loop,
    told,
    onEvent: (callback: (index: number) => void) => void (after = callback),
    remove: closeAt,
    async knock(index: number) {
      const { port } = sockets.localAddress(fds[index] ?? -1);
      const client = connect(port, "127.0.0.1");
      clients.adopt(client, (socket) => void socket.destroy());
      // The listener may have gone since the kernel has answered for it.
      const { promise, resolve } = Promise.withResolvers<void>();
      client.once("connect", resolve).once("error", () => resolve());
      await promise;
    },
    async [Symbol.asyncDispose]() {
      clients.dispose();
      [0, 1].forEach(closeAt);
      loop[Symbol.dispose]();
    },
  };
}
