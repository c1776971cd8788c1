import type { RejectReason } from "@kubehop/api";

/**
 * What a forwarder has done so far. Plain numbers that the hot path adds to; metrics.ts reads them
 * when it is scraped.
 */
export interface ForwarderStats {
  tcpConnectionsOpen: number;
  tcpConnections: number;
  /** Connections refused or given up, by reason of the `rejected` hop event. */
  readonly rejected: Record<RejectReason, number>;
  dialRetries: number;
  bytesIn: number;
  bytesOut: number;
  udpFlowsOpen: number;
  udpFlows: number;
  udpFlowsEvicted: number;
  udpErrors: number;
  bindFailures: number;
}

/** Statistics that begin at zero. */
export function createForwarderStats(): ForwarderStats {
  return {
    tcpConnectionsOpen: 0,
    tcpConnections: 0,
    rejected: {
      NoEndpoints: 0,
      NoLocalEndpoints: 0,
      SourceNotAllowed: 0,
      DialFailed: 0,
      LimitReached: 0,
    },
    dialRetries: 0,
    bytesIn: 0,
    bytesOut: 0,
    udpFlowsOpen: 0,
    udpFlows: 0,
    udpFlowsEvicted: 0,
    udpErrors: 0,
    bindFailures: 0,
  };
}
