import { once } from "node:events";
import { frameMessage } from "@kubehop/dns-wire";
import { createLogger } from "@kubehop/kit";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { openTcp, readFrames } from "../testing/dns-fixture.ts";
import type { Responder } from "./responder.ts";
import { listenTcp, TCP_TIMEOUTS, type TcpTimeouts } from "./tcp.ts";

const logger = createLogger({ name: "test", level: "silent" });
const query = frameMessage(Buffer.from("any octets, the responder decides"));

function listen(respond: Responder, timeouts: Partial<TcpTimeouts> = {}, maxConnections?: number) {
  const all = { ...TCP_TIMEOUTS, ...timeouts };
  const limit = maxConnections === undefined ? {} : { maxConnections };
  return listenTcp({ host: "127.0.0.1", port: 0, respond, logger, timeouts: () => all, ...limit });
}

describe("listenTcp", () => {
  it("closes a client that does not take its answers", async () => {
    let answered = 0;
    await using listener = await listen(
      () => {
        answered++;
        return Buffer.alloc(60_000);
      },
      { writeMs: 50, idleMs: 60_000, readMs: 60_000 },
    );
    const socket = await openTcp(listener.port);
    socket.on("error", () => undefined);
    socket.pause();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const feed = setInterval(() => socket.write(query), 10);
    socket.write(Buffer.concat(Array.from({ length: 2_000 }, () => query)));
    await closed;
    clearInterval(feed);
    expect(answered).toBeLessThan(2_000);
  });

  it("reads no further while 64 queries of a connection are under way", async () => {
    const pending: (() => void)[] = [];
    const respond: Responder = ({ bytes }) =>
      new Promise((resolve) => pending.push(() => resolve(bytes)));
    await using listener = await listen(respond);
    const socket = await openTcp(listener.port);
    const frames = await readFrames(socket, 100, () => {
      socket.write(Buffer.concat(Array.from({ length: 100 }, () => query)));
      const release = setInterval(() => {
        if (pending.length >= 64) expect(pending.length).toBe(64);
        for (const answer of pending.splice(0)) answer();
      }, 5);
      socket.once("close", () => clearInterval(release));
    });
    expect(frames).toHaveLength(100);
    socket.destroy();
  });

  it("gives others their turn after 64 answers, however much one client sends", async () => {
    let sinceTurn = 0;
    let most = 0;
    await using listener = await listen(({ bytes }) => {
      most = Math.max(most, ++sinceTurn);
      return bytes;
    });
    let turn = setImmediate(function count() {
      sinceTurn = 0;
      turn = setImmediate(count);
    });
    const socket = await openTcp(listener.port);
    const frames = await readFrames(socket, 2_000, () => {
      socket.write(Buffer.concat(Array.from({ length: 2_000 }, () => query)));
    });
    clearImmediate(turn);
    expect(frames).toHaveLength(2_000);
    expect(most).toBe(64);
    socket.destroy();
  });

  it("answers later queries first when their answers come first", async () => {
    const late = Promise.withResolvers<Buffer>();
    await using listener = await listen(({ bytes }) =>
      bytes.toString() === "slow" ? late.promise : bytes,
    );
    const socket = await openTcp(listener.port);
    const queries = ["slow", "quick"].map((text) => frameMessage(Buffer.from(text)));
    const first = readFrames(socket, 1, () => socket.write(Buffer.concat(queries)));
    expect((await first).map(String)).toEqual(["quick"]);
    const second = readFrames(socket, 1, () => late.resolve(Buffer.from("slow")));
    expect((await second).map(String)).toEqual(["slow"]);
    socket.destroy();
  });

  it("closes connections above its limit at once, and takes others when some have gone", async () => {
    await using listener = await listen(({ bytes }) => bytes, {}, 3);
    const open = await Promise.all(Array.from({ length: 3 }, () => openTcp(listener.port)));
    await Promise.all(open.map((socket) => readFrames(socket, 1, () => socket.write(query))));
    const refused = await openTcp(listener.port);
    refused.on("error", () => undefined).resume();
    await once(refused, "close");
    for (const socket of open) socket.destroy();
    await waitFor(async () => {
      const socket = await openTcp(listener.port);
      const [frame] = await readFrames(socket, 1, () => socket.write(query));
      socket.destroy();
      return frame;
    });
  });

  it("answers what is under way before it closes", async () => {
    const late = Promise.withResolvers<Buffer>();
    const started = Promise.withResolvers<void>();
    const listener = await listen(() => {
      started.resolve();
      return late.promise;
    });
    const socket = await openTcp(listener.port);
    const frames = readFrames(socket, 1, () => socket.write(query));
    await started.promise;
    const closing = listener[Symbol.asyncDispose]();
    late.resolve(Buffer.from("late"));
    expect(await frames).toEqual([Buffer.from("late")]);
    socket.end();
    await closing;
  });
});
