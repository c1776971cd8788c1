import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

const NO_IPV6 = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

/**
 * Binds a UDP socket. An empty host means every address: of both families, or of IPv4 alone on a
 * host without IPv6. Rejects with the system's error.
 */
export async function bindUdp(host: string, port: number): Promise<Socket> {
  if (host !== "")
    return bind(createSocket(isIPv6(host) ? "udp6" : "udp4"), { address: host, port });
  try {
    return await bind(createSocket("udp6"), { port });
  } catch (error) {
    if (!NO_IPV6.has(String((error as NodeJS.ErrnoException).code))) throw error;
    return bind(createSocket("udp4"), { port });
  }
}

async function bind(socket: Socket, at: { address?: string; port: number }): Promise<Socket> {
  const listening = once(socket, "listening");
  socket.bind(at);
  try {
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
