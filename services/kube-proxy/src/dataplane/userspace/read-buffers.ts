/** Bytes that a read may bring at most. */
const LARGE_BYTES = 256 * 1024;
/** Bytes of the buffer that all connections share. */
const SHARED_BYTES = 64 * 1024;

/**
 * Memory that socket reads land in. Most connections read little at a time: they share one buffer
 * and copy what they read. A connection that streams borrows a large one of its own, which it
 * hands to a write without a copy and reads into again when that is done. (The shared one must
 * always be copied from: the next read of any connection overwrites it, while a write the kernel
 * has not taken yet still points at it.)
 */
export interface ReadBuffers {
  readonly shared: Buffer;
  /** A large buffer for one connection; undefined when all are lent. */
  borrow(): Buffer | undefined;
  giveBack(buffer: Buffer): void;
}

/** Creates the buffers of one forwarder; at most `maxLent` large ones (256 KiB) at a time. */
export function createReadBuffers(maxLent = 64): ReadBuffers {
  const idle: Buffer[] = [];
  let lent = 0;
  return {
    shared: Buffer.allocUnsafeSlow(SHARED_BYTES),
    borrow() {
      if (lent >= maxLent) return undefined;
      lent += 1;
      return idle.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
    },
    giveBack(buffer) {
      lent -= 1;
      if (idle.length < maxLent / 8) idle.push(buffer);
    },
  };
}
