import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import type { SocketAddress } from "../resolver/dns-query.ts";
import type { Connection, FailedConnection } from "./fetch-report.ts";

interface ConnectOutcome {
  readonly failed: readonly FailedConnection[];
  readonly socket?: Socket;
  readonly connection?: Connection;
}

/** Connects to the first of `addresses` that accepts, trying each in order until `deadline` (unix ms). */
export async function connectFirst(
  addresses: readonly string[],
  port: number,
  deadline: number,
): Promise<ConnectOutcome> {
  const failed: FailedConnection[] = [];
  for (const ip of addresses) {
    const remote = { ip, port };
    const time = Date.now();
    const started = performance.now();
    const timeoutMs = deadline - time;
    if (timeoutMs <= 0) break;
    try {
      const socket = await connectOne(remote, timeoutMs);
      const connection = { time, local: localEnd(socket), remote, connectMs: since(started) };
      return { failed, socket, connection };
    } catch (error) {
      failed.push({ remote, error: connectError(error), ms: since(started) });
    }
  }
  return { failed };
}

async function connectOne(remote: SocketAddress, timeoutMs: number): Promise<Socket> {
  const socket = connectTcp({ host: remote.ip, port: remote.port, noDelay: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function localEnd(socket: Socket): SocketAddress {
  return { ip: socket.localAddress ?? "", port: socket.localPort ?? 0 };
}

function since(started: number): number {
  return Math.round((performance.now() - started) * 1_000) / 1_000;
}

function connectError(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return name === "AbortError" ? "timeout" : (code ?? message);
}
