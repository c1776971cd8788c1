import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { UsageError } from "../flags.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";

/**
 * `agnhost connect HOST:PORT`: exit 0 when a TCP connection can be made, else 1 and one word on
 * standard error, by which end-to-end tests tell the cases apart (test/images/agnhost/connect).
 */
export const connect: Role = defineRole({
  name: "agnhost connect",
  summary: "Tries one TCP connection; prints REFUSED, TIMEOUT, DNS: … or OTHER: … when it fails.",
  operands: "HOST:PORT",
  flags: {
    timeout: { type: "duration", default: "0", description: "time to connect; 0: the system’s" },
    protocol: { type: "string", default: "tcp", description: "only tcp" },
  },
  run: async ({ stderr }, flags, operands) => {
    if (flags.protocol !== "tcp")
      throw new UsageError(`--protocol "${flags.protocol}" must be tcp`);
    const { host, port } = parseHostPort(operands);
    const address = await lookup(host).catch((error: Error) => error);
    if (address instanceof Error) {
      stderr(`DNS: ${address.message}\n`);
      return 1;
    }
    const failure = await dial(address.address, port, flags.timeout);
    if (failure !== undefined) stderr(`${failure}\n`);
    return failure === undefined ? 0 : 1;
  },
});

function parseHostPort(operands: readonly string[]): { host: string; port: number } {
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(operands[0] ?? "") ?? [];
  if (operands.length === 1 && host !== "" && Number(port) <= 65_535) {
    return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
  }
  throw new UsageError(`need one HOST:PORT, got "${operands.join(" ")}"`);
}

async function dial(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  const socket = connectTcp({ host, port });
  const options = timeoutMs > 0 ? { signal: AbortSignal.timeout(timeoutMs) } : {};
  try {
    await once(socket, "connect", options);
    return undefined;
  } catch (error) {
    return failureWord(error as NodeJS.ErrnoException);
  } finally {
    socket.destroy();
  }
}

function failureWord(error: NodeJS.ErrnoException): string {
  if (error.name === "AbortError" || error.code === "ETIMEDOUT") return "TIMEOUT";
  if (error.code === "ECONNREFUSED") return "REFUSED";
  return `OTHER: ${error.message}`;
}
