import type { Address, ForwardDecision, Frontend } from "@kubehop/routing";
import type { TcpContext } from "./tcp-record.ts";
import type { UdpFlow, UdpFlowEvents } from "./udp-flow.ts";
import type { UdpListener, UdpListenerOptions } from "./udp-listener.ts";

/**
 * Who moves the bytes of a userspace data plane: Node's own sockets, or system calls of our own.
 * What is served, which endpoint a flow gets, what is counted and told is the same for both.
 */
export interface ForwarderEngine extends Disposable {
  /**
   * Accepts the connections that wait, as the table is before it changes: those still waiting when
   * a listening socket closes would be reset.
   */
  acceptWaiting(): void;
  /**
   * Listens at a frontend's address and forwards every connection as `current` then says.
   * Disposing closes the listening socket at once, so that clients are refused, and leaves the
   * accepted connections alone. Rejects when the address cannot be bound.
   */
  serveTcp(current: () => Frontend, context: TcpContext): Promise<Disposable>;
  /**
   * Binds a UDP frontend's address. Rejects when it cannot be bound. A datagram is there only while
   * it is handled, and may only be passed to this engine's own flows and listeners.
   */
  listenUdp(address: Address, options: UdpListenerOptions): Promise<UdpListener>;
  /** Opens the flow of a UDP client to the endpoint that was decided on. */
  openUdpFlow(decision: ForwardDecision, events: UdpFlowEvents): UdpFlow;
}
