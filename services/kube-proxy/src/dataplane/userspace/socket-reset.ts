import type { Socket } from "node:net";

/**
 * Ends a connection with a reset, so that its peer does not take a broken transfer for a complete
 * one. A socket whose shutdown is just being sent cannot be reset (libuv answers EINVAL): its
 * peer has the end already, so it is closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  const shuttingDown =
    socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (shuttingDown) socket.destroy();
  else socket.resetAndDestroy();
}
