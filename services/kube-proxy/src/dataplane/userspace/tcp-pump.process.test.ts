import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { openTcp, startTcpBackend } from "../testing/tcp-peers.ts";
import { createReadBuffers, type ReadBuffers } from "./read-buffers.ts";
import { createTcpPump } from "./tcp-pump.ts";

const BYTES = 24 * 1024 * 1024;
const READ_BYTES = 40 * 1024;

/** With no large buffer to lend, every read of every pump lands in the one shared buffer. */
describe.each([
  { name: "large buffers", maxLent: 64 },
  { name: "one large buffer", maxLent: 1 },
  { name: "no large buffer", maxLent: 0 },
])("createTcpPump with $name", ({ maxLent }) => {
  it("keeps apart the bytes of pumps whose sinks are slow in turn", async () => {
    const buffers = createReadBuffers(maxLent);
    await Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        await using path = await openPump(buffers);
        const sent = randomBytes(BYTES / 4);
        path.feed.end(sent);
        const received = createHash("sha256");
        let chunks = 0;
        for await (const chunk of path.drain) {
          received.update(chunk as Buffer);
          if (++chunks % (n + 2) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        }
        expect(received.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
      }),
    );
  });

  it("leaves the bytes alone that a sink has not taken yet, however small the reads", async () => {
    await using path = await openPump(createReadBuffers(maxLent));
    const sent = createHash("sha256");
    path.drain.pause();
    // Reads of a stream, yet below the high-water mark: `write` does not ask for a pause.
    for (let total = 0, stuck = 0; stuck < 3; total += READ_BYTES) {
      const chunk = randomBytes(READ_BYTES);
      sent.update(chunk);
      path.feed.write(chunk);
      const pending = (): boolean => path.sink.writableLength > 0;
      await waitFor(() => pending() || path.pump.bytes() === total + READ_BYTES);
      if (pending()) stuck += 1;
    }
    path.feed.end();
    const received = createHash("sha256");
    for await (const chunk of path.drain) received.update(chunk as Buffer);
    expect(received.digest("hex")).toBe(sent.digest("hex"));
  });

  it("stops reading when the sink takes nothing", async () => {
    await using path = await openPump(createReadBuffers(maxLent));
    path.drain.pause();
    path.feed.write(Buffer.alloc(BYTES * 2));
    const held = (): number => path.sink.writableLength;
    await waitFor(() => held() > 0);
    let [last, same] = [-1, 0];
    await waitFor(() => {
      same = path.pump.bytes() === last ? same + 1 : 0;
      last = path.pump.bytes();
      return same >= 10;
    });
    expect(last).toBeLessThan(BYTES * 2);
    expect(held()).toBeLessThanOrEqual(512 * 1024);
  });
});

/** feed → source, pumped to sink → drain: two loopback connections with a pump between. */
async function openPump(buffers: ReadBuffers) {
  await using stack = new AsyncDisposableStack();
  const pump = createTcpPump(buffers, () => {});
  const [front, back] = [
    stack.use(await startTcpBackend("127.0.0.1", 0)),
    stack.use(await startTcpBackend("127.0.0.1", 0)),
  ];
  const own = (socket: Socket): Socket => stack.adopt(socket, (owned) => void owned.destroy());
  const sink = own(await openTcp(back.ip, back.port));
  const source = own(connect({ host: front.ip, port: front.port, onread: pump.onread }));
  source.on("error", () => {});
  await once(source, "connect");
  pump.connect(source, sink, "onread");
  const [feed, drain] = [await front.next(), await back.next()];
  const owned = stack.move();
  return {
    pump,
    sink,
    feed,
    drain,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
