import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** The errors a caller tells apart; system calls here give them negative, as the kernel does. */
export const ERRNO: Readonly<
  Record<
    | "EAGAIN"
    | "EINPROGRESS"
    | "EINTR"
    | "EMFILE"
    | "ENFILE"
    | "ENOBUFS"
    | "ENOMEM"
    | "ECONNREFUSED",
    number
  >
> = constants.errno;

/** Names and texts by the negative number. */
const KNOWN = getSystemErrorMap();

/** `ECONNREFUSED` for 111; `errno 9999` for a number without a name. */
export function errnoName(errno: number): string {
  return KNOWN.get(-errno)?.[0] ?? `errno ${errno}`;
}

/** A system call that has failed. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  /** `EADDRINUSE`, as Node's own errors have it. */
  readonly code: string;
  readonly syscall: string;

  /** `errno` is positive; `subject` is what the call was about, an address or a descriptor. */
  constructor(syscall: string, errno: number, subject?: string) {
    const code = errnoName(errno);
    super(`${syscall} ${code}${subject === undefined ? "" : ` ${subject}`}`);
    this.code = code;
    this.syscall = syscall;
  }
}

/** Passes the result of a system call on. Throws SyscallError when it is an error. */
export function orThrow(result: number, syscall: string, subject?: string): number {
  if (result < 0) throw new SyscallError(syscall, -result, subject);
  return result;
}
