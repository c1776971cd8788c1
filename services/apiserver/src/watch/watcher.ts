import type { Writable } from "node:stream";

/** Events that may wait for a slow client before its connection is dropped. */
const BACKLOG_LIMIT = 10_000;

/** Where frames go: an HTTP response. */
export type FrameSink = Pick<Writable, "write" | "on" | "end" | "destroy" | "writableEnded">;

/** Sends frames in order to a client that may be slower than they come. */
export interface Watcher {
  /** Sends a frame now, or later when the client can't take it yet. */
  send(frame: Frame): void;
  /** Sends what waits, then ends the stream cleanly. */
  end(): void;
}

/** Bytes to send, made only when they are due. */
export type Frame = () => Buffer | string;

/**
 * Creates the sender of one watch. A client that lets more than BACKLOG_LIMIT frames wait (beyond
 * the `initial` ones) is dropped, never an event; `onOverflow` hears of it.
 */
export function createWatcher(
  sink: FrameSink,
  initial: readonly Frame[],
  onOverflow: () => void,
): Watcher {
  let backlog: Frame[] = [...initial];
  let next = 0;
  let blocked = false;
  let ending = false;
  const limit = initial.length + BACKLOG_LIMIT;

  const flush = (): void => {
    while (!blocked && next < backlog.length) {
      const frame = backlog[next] as Frame;
      next += 1;
      blocked = !sink.write(frame());
    }
    if (next === backlog.length) {
      backlog = [];
      next = 0;
      if (ending && !sink.writableEnded) sink.end();
    }
  };
  sink.on("drain", () => {
    blocked = false;
    flush();
  });
  flush();

  return {
    send(frame) {
      if (ending) return;
      backlog.push(frame);
      if (backlog.length - next > limit) {
        ending = true;
        onOverflow();
        sink.destroy();
        return;
      }
      flush();
    },
    end() {
      ending = true;
      flush();
    },
  };
}
