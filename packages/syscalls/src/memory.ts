/**
 * Memory that the kernel reads and writes, at an address that stays as it is. Whoever hands the
 * address to a system call must keep this object: with it the memory goes.
 */
export interface Memory {
  readonly bytes: Buffer;
  readonly address: number;
}

/** Tells where the bytes of an ArrayBuffer begin. */
export type AddressOf = (bytes: Buffer) => bigint;

/**
 * Reserves memory of `size` bytes, not zeroed. V8 keeps what is so small in its own heap, and moves it;
 * hence the least size.
 */
export function allocate(size: number, addressOf: AddressOf): Memory {
  const bytes = Buffer.allocUnsafeSlow(Math.max(size, LEAST_BYTES));
  return { bytes, address: Number(addressOf(bytes)) };
}

const LEAST_BYTES = 256;
