import { closeSync } from "node:fs";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import {
  AF,
  EPOLL,
  EPOLL_CTL,
  ERRNO,
  loadSyscalls,
  readSocketAddress,
  SOCK,
  SOCKADDR_BYTES,
  type Syscalls,
  writeSocketAddress,
} from "./index.ts";

const sys = await loadSyscalls();

describe("system calls", () => {
  it("give the kernel's errors, negative", () => {
    expect(sys.close(-1)).toBe(-9);
    const memory = sys.allocate(8);
    expect(sys.recv(-1, memory.address, 8, 0)).toBe(-9);
  });

  it("carry bytes over a connection that epoll told of", async () => {
    const server = createServer((socket) => socket.end("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const fd = sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC);
    const memory = sys.allocate(4_096);
    const length = writeSocketAddress(memory.bytes, 0, { ip: "127.0.0.1", port });
    expect([0, -ERRNO.EINPROGRESS]).toContain(sys.connect(fd, memory.address, length));
    const { epoll, wait } = watchOne(fd, 0xdead_beef);
    await wait(EPOLL.IN);
    expect(sys.recv(fd, memory.address, 4_096, 0)).toBe(5);
    expect(memory.bytes.toString("latin1", 0, 5)).toBe("hello");
    for (const descriptor of [fd, epoll]) closeSync(descriptor);
    server.close();
  });

  it("listen, accept and tell who came", async () => {
    const fd = sys.socket(AF.INET, SOCK.STREAM | SOCK.NONBLOCK | SOCK.CLOEXEC);
    const memory = sys.allocate(256);
    const length = writeSocketAddress(memory.bytes, 0, { ip: "127.0.0.1", port: 0 });
    expect(sys.bind(fd, memory.address, length)).toBe(0);
    expect(sys.listen(fd, 8)).toBe(0);
    const lengthAt = 64;
    memory.bytes.writeUInt32LE(SOCKADDR_BYTES, lengthAt);
    sys.getsockname(fd, memory.address, memory.address + lengthAt);
    const { port } = readSocketAddress(memory.bytes, 0);
    expect(sys.accept4(fd, memory.address, memory.address + lengthAt, 0)).toBe(-ERRNO.EAGAIN);
    const client = connect(port, "127.0.0.1");
    const connected = once(client, "connect");
    const { epoll, wait } = watchOne(fd, 1);
    await wait(EPOLL.IN);
    await connected;
    memory.bytes.writeUInt32LE(SOCKADDR_BYTES, lengthAt);
    const accepted = sys.accept4(fd, memory.address, memory.address + lengthAt, SOCK.CLOEXEC);
    expect(readSocketAddress(memory.bytes, 0)).toEqual({ ip: "127.0.0.1", port: client.localPort });
    client.destroy();
    for (const descriptor of [accepted, fd, epoll]) closeSync(descriptor);
  });
});

/** An epoll descriptor for one other, inside Node's loop; checks what comes with its events. */
function watchOne(
  fd: number,
  mark: number,
): { epoll: number; wait(events: number): Promise<void> } {
  const { words, data } = sys.epollLayout;
  const memory = sys.allocate(words * 4);
  const view = new Uint32Array(memory.bytes.buffer, memory.bytes.byteOffset, words);
  view.set([EPOLL.IN, ...Array<number>(data - 1).fill(0), mark, 7]);
  const epoll = sys.epollCreate();
  expect(sys.epollCtl(epoll, EPOLL_CTL.ADD, fd, memory.address)).toBe(0);
  return {
    epoll,
    async wait(events) {
      await readable(sys, epoll);
      view.fill(0);
      expect(sys.epollWait(epoll, memory.address, 1, 0)).toBe(1);
      expect((view[0] ?? 0) & events).toBe(events);
      expect([view[data], view[data + 1]]).toEqual([mark, 7]);
    },
  };
}

function readable({ watch }: Syscalls, fd: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watching = watch(fd, () => {
    watching[Symbol.dispose]();
    // What libuv calls leaves promises waiting for the next turn.
    setImmediate(resolve);
  });
  return promise;
}
