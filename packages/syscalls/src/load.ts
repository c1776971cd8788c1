import { bindSyscalls } from "./libc.ts";
import type { Syscalls } from "./syscalls.ts";

/** This machine has no system calls for us; the message says why. */
export class SyscallsUnavailableError extends Error {
  override readonly name = "SyscallsUnavailableError";
}

const ARCHITECTURES: readonly string[] = ["x64", "arm64"];

let loading: Promise<Syscalls> | undefined;

/**
 * Gives the system calls, through the module koffi and this machine's C library. Rejects with
 * SyscallsUnavailableError where they cannot be had.
 */
export function loadSyscalls(): Promise<Syscalls> {
  return (loading ??= load());
}

async function load(): Promise<Syscalls> {
  const { platform, arch } = process;
  if (platform !== "linux" || !ARCHITECTURES.includes(arch)) {
    const known = ARCHITECTURES.join(" and ");
    throw new SyscallsUnavailableError(
      `known are Linux on ${known}; this is ${platform} on ${arch}`,
    );
  }
  try {
    const { default: koffi } = await import("koffi");
    return bindSyscalls(koffi);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new SyscallsUnavailableError(`the module koffi does not work here: ${cause}`, {
      cause: error,
    });
  }
}
