import type { Protocol as ApiProtocol } from "@kubehop/api";

/** Transport protocols a data plane forwards. */
export type Protocol = Exclude<ApiProtocol, "SCTP">;

/** An IP address and a port. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** One new connection, or the first datagram of a client, that asks for an endpoint. */
export interface Flow {
  readonly protocol: Protocol;
  readonly client: Address;
  /** The address the client sent it to: a cluster IP and port, or a node's address and NodePort. */
  readonly frontend: Address;
  /**
   * The client is a pod or a node of this cluster. Its way to an external address of a Service
   * with externalTrafficPolicy Local is then short-circuited to the Cluster policy, as upstream.
   */
  readonly fromCluster?: boolean;
  /** Keys of the endpoints that were just dialled in vain: others come first, affinity is off. */
  readonly tried?: ReadonlySet<string>;
}

/** `ip:port`, or `[ip]:port` for IPv6. */
export function formatAddress(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** The key of a frontend in a ServiceTable: `TCP/10.96.0.50:80`. */
export function frontendKey(protocol: Protocol, ip: string, port: number): string {
  return `${protocol}/${formatAddress(ip, port)}`;
}
