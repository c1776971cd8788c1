import { closeSync } from "node:fs";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, it } from "vitest";
import {
  AF,
  createMessageBatch,
  ERRNO,
  loadSyscalls,
  readSocketAddress,
  SOCK,
  SOCKADDR_BYTES,
  writeSocketAddress,
} from "./index.ts";

const LENGTH = 64;

it("takes waiting datagrams, tells who sent them, and answers from where they lie", async () => {
  const sys = await loadSyscalls();
  const fd = sys.socket(AF.INET, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC);
  const memory = sys.allocate(128);
  const { bytes, address } = memory;
  const length = writeSocketAddress(bytes, 0, { ip: "127.0.0.1", port: 0 });
  expect(sys.bind(fd, address, length)).toBe(0);
  bytes.writeUInt32LE(SOCKADDR_BYTES, LENGTH);
  sys.getsockname(fd, address, address + LENGTH);
  const { port } = readSocketAddress(bytes, 0);
  const batch = createMessageBatch(sys, 2);
  expect(batch.receive(fd)).toBe(-ERRNO.EAGAIN);

  const client = createSocket("udp4");
  await new Promise<void>((resolve) => client.bind(0, "127.0.0.1", resolve));
  const source = { ip: "127.0.0.1", port: client.address().port };
  const texts = ["a", "", "longer than the two before"];
  for (const text of texts) {
    // On loopback a datagram has arrived when it is sent.
    await new Promise((resolve) => client.send(text, port, "127.0.0.1", resolve));
  }
  expect(batch.receive(fd)).toBe(2);
  expect([0, 1].map((n) => batch.bytes(n).toString())).toEqual(["a", ""]);
  expect(batch.receive(fd)).toBe(1);
  expect(batch.bytes(0).toString()).toBe(texts[2]);
  expect(batch.source(0)).toEqual(source);

  const answer = once(client, "message") as Promise<[Buffer]>;
  expect(batch.sendTo(fd, batch.bytes(0), batch.source(0))).toBe(texts[2]?.length);
  expect((await answer)[0].toString()).toBe(texts[2]);
  client.close();
  closeSync(fd);
});
