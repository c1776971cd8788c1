import { close, readSync, write } from "node:fs";
import { endianness } from "node:os";
import { promisify } from "node:util";
import { AF, loadSyscalls, orThrow, SOCK } from "@kubehop/syscalls";

/** A socket to the kernel's netfilter, in the network namespace this process is in. */
export interface NetfilterSocket extends AsyncDisposable {
  /** Sends one datagram; when it resolves, the kernel has dealt with it. Rejects with a system error. */
  send(datagram: Buffer): Promise<void>;
  /** The datagrams that have come, up to some thousand. Throws a system error. */
  receive(): Buffer[];
}

/** Opens one. Rejects when this machine cannot: without system calls, or with other byte order. */
export async function openNetfilterSocket(): Promise<NetfilterSocket> {
  if (endianness() !== "LE") throw new Error("netlink is written for little-endian machines only");
  const sys = await loadSyscalls();
  const type = SOCK.RAW | SOCK.NONBLOCK | SOCK.CLOEXEC;
  const fd = orThrow(sys.socket(AF.NETLINK, type, NETLINK_NETFILTER), "socket", "netfilter");
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

const NETLINK_NETFILTER = 12;
/** An answer repeats the message it is about, whose attributes are no longer than this. */
const MAX_DATAGRAM = 256 * 1024;
const MAX_DATAGRAMS = 4_096;

/** Off the main thread: the kernel may be busy with others' rules for seconds before it takes ours. */
const writeFile: (fd: number, datagram: Buffer) => Promise<unknown> = promisify(write);
const closeFile: (fd: number) => Promise<void> = promisify(close);

/** How many octets there are at once; none when nothing has come. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}
