import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";

/**
 * Creates a datagram socket for addresses of the family of `ip`. Its `lookup` answers at once,
 * since all addresses are IPs: that keeps a send from waiting for the next turn.
 */
export function createUdpSocket(ip: string, options: Partial<SocketOptions> = {}): Socket {
  const type = isIPv6(ip) ? "udp6" : "udp4";
  const family = type === "udp6" ? 6 : 4;
  return createSocket({
    type,
    ipv6Only: type === "udp6",
    lookup: (host, _options, callback) => callback(null, host, family),
    ...options,
  });
}
