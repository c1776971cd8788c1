import type { Protocol } from "./kinds/service.ts";

/** An end of a flow. */
export interface HopAddress {
  ip: string;
  port: number;
}

/** An endpoint a flow could have got, and its share. */
export interface HopCandidate extends HopAddress {
  /** Its weight, ≥ 0. */
  weight: number;
  /** weight ÷ sum of weights, 0 to 1. */
  probability: number;
}

/** What every event tells: who saw it, and when. */
export interface HopOrigin {
  component: "kube-proxy" | "dns";
  /** Node of the component. */
  node: string;
  /** Unix time in milliseconds, with a fraction. */
  time: number;
}

/** Why a flow was turned away. */
export type RejectReason =
  | "NoEndpoints"
  | "NoLocalEndpoints"
  | "SourceNotAllowed"
  | "DialFailed"
  | "LimitReached";

/** A proxy chose an endpoint and connected to it. */
export interface ForwardedEvent extends HopOrigin {
  type: "forwarded";
  protocol: Protocol;
  /** `namespace/name:port`, the port by name or number. */
  service: string;
  client: HopAddress;
  /** Where the client connected to: cluster IP and port, or node and node port. */
  frontend: HopAddress;
  /** Local end of the proxy's own connection: what the endpoint sees as its client. */
  upstream: HopAddress;
  endpoint: HopAddress;
  candidates: HopCandidate[];
  /** The random number that chose, in [0, 1); absent when the kernel drew it. */
  draw?: number;
  /** True when session affinity chose instead of the draw. */
  affinity: boolean;
  /** Version of the service table the decision was made with. */
  resourceVersion: string;
  connectMs?: number;
}

/** A proxy turned a flow away. */
export interface RejectedEvent extends HopOrigin {
  type: "rejected";
  protocol: Protocol;
  service?: string;
  client: HopAddress;
  frontend: HopAddress;
  reason: RejectReason;
  resourceVersion: string;
}

/** A forwarded flow has ended. */
export interface ClosedEvent extends HopOrigin {
  type: "closed";
  protocol: Protocol;
  service: string;
  client: HopAddress;
  frontend: HopAddress;
  endpoint: HopAddress;
  /** Bytes from the client. */
  bytesIn: number;
  /** Bytes to the client. */
  bytesOut: number;
  durationMs: number;
  /** True when a side ended it with a reset. */
  reset: boolean;
}

/** A DNS server answered. */
export interface ResolvedEvent extends HopOrigin {
  type: "resolved";
  client: HopAddress;
  protocol: "UDP" | "TCP";
  question: { name: string; type: string };
  /** NOERROR, NXDOMAIN … */
  rcode: string;
  /** Data of the answers, such as `10.96.0.50`. */
  answers: string[];
  /** The plugin that answered. */
  plugin: string;
  resourceVersion: string;
  durationMs: number;
}

/** A component serves the registry as of this version. */
export interface SyncedEvent extends HopOrigin {
  type: "synced";
  resourceVersion: string;
}

/** What the components of the data path tell a tracer; discriminated by `type`. */
export type HopEvent = ForwardedEvent | RejectedEvent | ClosedEvent | ResolvedEvent | SyncedEvent;

/** Bus subject of a component's events. */
export function hopSubject(origin: Pick<HopOrigin, "component" | "node">): string {
  return `hop.${origin.component}.${origin.node}`;
}

/** Bus subject on which a tracer says until when it listens: `{expires: unix ms}`. */
export const TRACE_LEASE_SUBJECT = "trace.lease";

/** Message on TRACE_LEASE_SUBJECT. */
export interface TraceLease {
  /** Unix time in milliseconds. */
  expires: number;
  /** A tracer has just come: every component says again what it serves. */
  begins?: boolean;
}
