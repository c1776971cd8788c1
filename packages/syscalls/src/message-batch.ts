import type { Memory } from "./memory.ts";
import { readSocketAddress, SOCKADDR_BYTES, writeSocketAddress } from "./socket-address.ts";
import type { Syscalls } from "./syscalls.ts";

/** The largest datagram that UDP carries, rounded up. */
const DATAGRAM_BYTES = 64 * 1024;

/** struct mmsghdr, struct iovec and a sockaddr of 64-bit Linux, in bytes, and where what lies. */
const HEADER = { bytes: 64, name: 0, nameLength: 8, vector: 16, vectorCount: 24, length: 56 };
const VECTOR = { bytes: 16, base: 0, length: 8 };
const NAME_BYTES = 32;

/** An IP address and a port. */
interface Address {
  readonly ip: string;
  readonly port: number;
}

/** Room for datagrams, and their way in and out by few system calls. */
export interface MessageBatch {
  /** Takes the datagrams that wait at a socket, as many as there is room for; or negative errno. */
  receive(fd: number): number;
  /** The bytes of a datagram received last. They are only there until the next `receive`. */
  bytes(index: number): Buffer;
  /** Where it came from. */
  source(index: number): Address;
  /** Where bytes of this batch lie; they must be those of `bytes`. */
  addressOf(bytes: Buffer): number;
  /** Sends such bytes to an address; gives their number, or negative errno. */
  sendTo(fd: number, bytes: Buffer, to: Address): number;
}

/** Makes room for `count` datagrams of any size. */
export function createMessageBatch(sys: Syscalls, count: number): MessageBatch {
  const headers = sys.allocate(count * HEADER.bytes);
  const vectors = sys.allocate(count * VECTOR.bytes);
  const names = sys.allocate(count * NAME_BYTES);
  const receiver = sys.allocate(NAME_BYTES);
  const data = sys.allocate(count * DATAGRAM_BYTES);
  const { buffer, byteOffset } = headers.bytes;
  const words = new Uint32Array(buffer, byteOffset, headers.bytes.length / 4);
  for (let n = 0; n < count; n++) layOut(n);

  function layOut(n: number): void {
    const [header, vector] = [n * HEADER.bytes, n * VECTOR.bytes];
    headers.bytes.fill(0, header, header + HEADER.bytes);
    writePointer(headers, header + HEADER.name, names.address + n * NAME_BYTES);
    writePointer(headers, header + HEADER.vector, vectors.address + vector);
    writePointer(headers, header + HEADER.vectorCount, 1);
    writePointer(vectors, vector + VECTOR.base, data.address + n * DATAGRAM_BYTES);
    writePointer(vectors, vector + VECTOR.length, DATAGRAM_BYTES);
  }

  const wordOf = (n: number, field: number): number => (n * HEADER.bytes + field) / 4;
  const addressOf = ({ byteOffset: at }: Buffer): number =>
    data.address + (at - data.bytes.byteOffset);
  return {
    receive(fd) {
      // The kernel has put the lengths of the last names there.
      for (let n = 0; n < count; n++) words[wordOf(n, HEADER.nameLength)] = SOCKADDR_BYTES;
      return sys.recvmmsg(fd, headers.address, count, 0);
    },
    bytes(index) {
      const length = words[wordOf(index, HEADER.length)] ?? 0;
      return data.bytes.subarray(index * DATAGRAM_BYTES, index * DATAGRAM_BYTES + length);
    },
    source: (index) => readSocketAddress(names.bytes, index * NAME_BYTES),
    addressOf,
    sendTo(fd, bytes, to) {
      const length = writeSocketAddress(receiver.bytes, 0, to);
      const name = { address: receiver.address, length };
      return sys.sendto(fd, addressOf(bytes), bytes.length, name);
    },
  };
}

/** A word of 64 bits, in this machine's order; both processors known here begin with the low end. */
function writePointer({ bytes }: Memory, offset: number, value: number): void {
  bytes.writeUInt32LE(value >>> 0, offset);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4);
}
