import type { Socket } from "node:net";
import { FrameType } from "./frames.ts";
import type { Tunnel } from "./tunnel.ts";

/**
 * Makes one connection of a tunnel and a TCP socket: bytes, a half that ends, and a reset pass as
 * what they are; a slow side slows the other. The socket must allow half-open connections.
 */
export function joinTcp(tunnel: Tunnel, socket: Socket): void {
  const { stream } = tunnel;
  const ended = { near: false, far: false };

  socket.on("data", (chunk: Buffer) => {
    if (tunnel.send(FrameType.Data, chunk)) return;
    socket.pause();
    stream.once("drain", () => socket.resume());
  });
  socket.on("end", () => {
    ended.near = true;
    tunnel.send(FrameType.End);
  });
  // "close" follows and says what is to be said.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (!ended.near || !ended.far) tunnel.send(FrameType.Reset);
    stream.end();
  });
  tunnel.onClose(() => {
    if (socket.destroyed) return;
    if (ended.far) socket.destroy();
    else socket.resetAndDestroy();
  });
  tunnel.onFrame(({ type, payload }) => {
    if (type === FrameType.Data) {
      if (socket.destroyed || socket.write(payload)) return;
      stream.pause();
      socket.once("drain", () => stream.resume());
      socket.once("close", () => stream.resume());
    } else if (type === FrameType.End) {
      ended.far = true;
      socket.end();
    } else if (!socket.destroyed) {
      socket.resetAndDestroy();
    }
  });
  socket.resume();
}
