import { close, readSync, write } from "node:fs";
import { endianness } from "node:os";
import { promisify } from "node:util";
import type { default as Koffi } from "koffi";

/** A socket to the kernel's netfilter, in the network namespace this process is in. */
export interface NetfilterSocket extends AsyncDisposable {
  /** Sends one datagram; when it resolves, the kernel has dealt with it. Rejects with a system error. */
  send(datagram: Buffer): Promise<void>;
  /** The datagrams that have come, up to some thousand. Throws a system error. */
  receive(): Buffer[];
}

/** Opens one. Rejects when this machine cannot: without the addon koffi, or with other byte order. */
export async function openNetfilterSocket(): Promise<NetfilterSocket> {
  if (endianness() !== "LE") throw new Error("netlink is written for little-endian machines only");
  const { default: koffi } = await import("koffi");
  const fd = openSocket(koffi);
  const buffer = Buffer.alloc(MAX_DATAGRAM);
  return {
    async send(datagram) {
      await writeFile(fd, datagram);
    },
    receive() {
      const datagrams: Buffer[] = [];
      for (let length = 1; length > 0 && datagrams.length < MAX_DATAGRAMS;) {
        length = readNow(fd, buffer);
        if (length > 0) datagrams.push(Buffer.from(buffer.subarray(0, length)));
      }
      return datagrams;
    },
    [Symbol.asyncDispose]: () => closeFile(fd),
  };
}

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_NETFILTER = 12;
/** An answer repeats the message it is about, whose attributes are no longer than this. */
const MAX_DATAGRAM = 256 * 1024;
const MAX_DATAGRAMS = 4_096;

/** Off the main thread: the kernel may be busy with others' rules for seconds before it takes ours. */
const writeFile: (fd: number, datagram: Buffer) => Promise<unknown> = promisify(write);
const closeFile: (fd: number) => Promise<void> = promisify(close);

function openSocket(koffi: typeof Koffi): number {
  const socket = koffi.load(null).func("int socket(int domain, int type, int protocol)");
  const fd = socket(
    AF_NETLINK,
    SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
    NETLINK_NETFILTER,
  ) as number;
  if (fd < 0) throw new Error(`no socket to the kernel's netfilter: errno ${koffi.errno()}`);
  return fd;
}

/** How many octets there are at once; none when nothing has come. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}
