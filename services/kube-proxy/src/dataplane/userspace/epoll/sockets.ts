import type { Address } from "@kubehop/routing";
import {
  AF,
  ERRNO,
  familyOf,
  formatIpv4,
  type Memory,
  OPTION,
  orThrow,
  readSocketAddress,
  SOCK,
  SOCKADDR_BYTES,
  type SocketOption,
  type Syscalls,
  SyscallError,
  writeSocketAddress,
} from "@kubehop/syscalls";
import { KEEP_ALIVE_MS } from "../accept.ts";
import { RECEIVE_BUFFER_BYTES } from "../udp-listener.ts";

/** Connections the kernel completes while the process is busy (cut to net.core.somaxconn). */
const BACKLOG = 4_096;

/** As libuv sets them: a peer that answers no probe, one a second, ten times, is gone. */
const KEEP_ALIVE = [
  [OPTION.KEEPALIVE, 1],
  [OPTION.TCP_KEEPIDLE, KEEP_ALIVE_MS / 1_000],
  [OPTION.TCP_KEEPINTVL, 1],
  [OPTION.TCP_KEEPCNT, 10],
] as const;

/** Where in the memory what lies. */
const [ADDRESS, LENGTH, VALUE, LINGER] = [0, 32, 40, 48];
const INT_BYTES = 4;

/** Makes and changes sockets, none of which blocks or is left to other programs. */
export class Sockets {
  readonly #sys: Syscalls;
  readonly #memory: Memory;

  constructor(sys: Syscalls) {
    this.#sys = sys;
    this.#memory = sys.allocate(64);
    // struct linger: on, for no time at all.
    this.#memory.bytes.writeInt32LE(1, LINGER);
    this.#memory.bytes.writeInt32LE(0, LINGER + INT_BYTES);
  }

  /** A listening socket. `shared` lets others listen at the same address. Throws SyscallError. */
  listen(address: Address, shared: boolean): number {
    return this.#open(address.ip, SOCK.STREAM, (fd) => {
      this.set(fd, OPTION.REUSEADDR, 1);
      if (shared) this.set(fd, OPTION.REUSEPORT, 1);
      this.#bind(fd, address);
      // Linux hands these on to each accepted socket.
      this.#setStreamOptions(fd);
      orThrow(this.#sys.listen(fd, BACKLOG), "listen", describe(address));
    });
  }

  /** A socket that is being connected; negative errno when that has failed already. */
  connect(address: Address): number {
    return this.#connect(SOCK.STREAM, address);
  }

  /** A UDP socket at an address. Throws SyscallError. */
  bindUdp(address: Address): number {
    return this.#open(address.ip, SOCK.DGRAM, (fd) => {
      // Cut to net.core.rmem_max.
      this.set(fd, OPTION.RCVBUF, RECEIVE_BUFFER_BYTES);
      this.#bind(fd, address);
    });
  }

  /** A UDP socket to an address alone, or negative errno. */
  connectUdp(address: Address): number {
    return this.#connect(SOCK.DGRAM, address);
  }

  /** A client's connection, or negative errno; `peer` tells of it until the next one. */
  accept(listener: number): number {
    const { bytes, address } = this.#memory;
    bytes.writeUInt32LE(SOCKADDR_BYTES, LENGTH);
    const flags = SOCK.NONBLOCK | SOCK.CLOEXEC;
    return this.#sys.accept4(listener, address + ADDRESS, address + LENGTH, flags);
  }

  /** Address of the client accepted last. */
  peer(): Address {
    const { bytes } = this.#memory;
    if (bytes.readUInt16LE(ADDRESS) === AF.INET) return new Ipv4Address(bytes);
    return readSocketAddress(bytes, ADDRESS);
  }

  /** A socket's own address. */
  localAddress(fd: number): Address {
    const { bytes, address } = this.#memory;
    bytes.writeUInt32LE(SOCKADDR_BYTES, LENGTH);
    const result = this.#sys.getsockname(fd, address + ADDRESS, address + LENGTH);
    return result < 0 ? { ip: "", port: 0 } : readSocketAddress(bytes, ADDRESS);
  }

  /** The error that waits at a socket, and takes it away; 0 when there is none. */
  takeError(fd: number): number {
    const { bytes, address } = this.#memory;
    bytes.writeUInt32LE(INT_BYTES, LENGTH);
    const result = this.#sys.getsockopt(fd, OPTION.ERROR, address + VALUE, address + LENGTH);
    return result < 0 ? -result : bytes.readInt32LE(VALUE);
  }

  /** Closes with a reset, so that the peer does not take a broken transfer for a complete one. */
  reset(fd: number): void {
    const linger = this.#memory.address + LINGER;
    this.#sys.setsockopt(fd, OPTION.LINGER, linger, 2 * INT_BYTES);
    this.#sys.close(fd);
  }

  /** Sets an option that is an int. Throws SyscallError. */
  set(fd: number, option: SocketOption, value: number): void {
    this.#memory.bytes.writeInt32LE(value, VALUE);
    const address = this.#memory.address + VALUE;
    orThrow(this.#sys.setsockopt(fd, option, address, INT_BYTES), "setsockopt");
  }

  #connect(type: number, address: Address): number {
    const fd = this.#sys.socket(familyOf(address.ip), type | SOCK.NONBLOCK | SOCK.CLOEXEC);
    if (fd < 0) return fd;
    if (type === SOCK.STREAM) this.#setStreamOptions(fd);
    const length = writeSocketAddress(this.#memory.bytes, ADDRESS, address);
    const result = this.#sys.connect(fd, this.#memory.address + ADDRESS, length);
    if (result === 0 || result === -ERRNO.EINPROGRESS) return fd;
    this.#sys.close(fd);
    return result;
  }

  /** A socket that is made ready, and closed when that fails. */
  #open(ip: string, type: number, prepare: (fd: number) => void): number {
    const family = familyOf(ip);
    const fd = orThrow(this.#sys.socket(family, type | SOCK.NONBLOCK | SOCK.CLOEXEC), "socket");
    try {
      if (family === AF.INET6) this.set(fd, OPTION.IPV6_V6ONLY, 1);
      prepare(fd);
      return fd;
    } catch (error) {
      this.#sys.close(fd);
      throw error;
    }
  }

  #bind(fd: number, address: Address): void {
    const length = writeSocketAddress(this.#memory.bytes, ADDRESS, address);
    const result = this.#sys.bind(fd, this.#memory.address + ADDRESS, length);
    if (result < 0) throw new SyscallError("bind", -result, describe(address));
  }

  #setStreamOptions(fd: number): void {
    this.set(fd, OPTION.TCP_NODELAY, 1);
    for (const [option, value] of KEEP_ALIVE) this.set(fd, option, value);
  }
}

/** An IPv4 address that is written out only when somebody asks. */
class Ipv4Address implements Address {
  readonly port: number;
  readonly #value: number;

  constructor(bytes: Buffer) {
    this.port = bytes.readUInt16BE(ADDRESS + 2);
    this.#value = bytes.readUInt32BE(ADDRESS + 4);
  }

  get ip(): string {
    return formatIpv4(this.#value);
  }
}

function describe({ ip, port }: Address): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
