import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { createWatcher, type FrameSink } from "./watcher.ts";

/** A client's connection that takes `room` writes before it must be drained. */
class Connection extends EventEmitter {
  readonly written: string[] = [];
  writableEnded = false;
  destroyed = false;
  room: number;

  constructor(room: number) {
    super();
    this.room = room;
  }

  write(line: string): boolean {
    this.written.push(line);
    this.room -= 1;
    return this.room > 0;
  }

  end(): void {
    this.writableEnded = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  drain(room: number): void {
    this.room = room;
    this.emit("drain");
  }
}

function sinkOf(connection: Connection): FrameSink {
  return connection as unknown as FrameSink;
}

describe("a watcher", () => {
  it("sends in order, waiting for a slow client", () => {
    const connection = new Connection(2);
    const initial = ["a", "b", "c"].map((text) => () => text);
    const watcher = createWatcher(sinkOf(connection), initial, () => {});
    watcher.send(() => "d");
    expect(connection.written).toEqual(["a", "b"]);
    connection.drain(9);
    watcher.send(() => "e");
    expect(connection.written).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("ends only after what waits is sent, and takes nothing more", () => {
    const connection = new Connection(1);
    const watcher = createWatcher(sinkOf(connection), [() => "a", () => "b"], () => {});
    watcher.end();
    watcher.send(() => "late");
    expect(connection.writableEnded).toBe(false);
    connection.drain(9);
    expect([connection.written, connection.writableEnded]).toEqual([["a", "b"], true]);
  });

  it("drops a client that lets too much wait", () => {
    const connection = new Connection(1);
    let overflows = 0;
    const watcher = createWatcher(sinkOf(connection), [], () => (overflows += 1));
    for (let index = 0; index < 20_000; index += 1) watcher.send(() => "x");
    expect([connection.destroyed, overflows, connection.written.length]).toEqual([true, 1, 1]);
  });
});
