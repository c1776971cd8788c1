import type { RejectReason } from "@kubehop/api";
import type { HopTracer } from "@kubehop/client";
import { type Address, candidatesOf, type Flow, type ForwardDecision } from "@kubehop/routing";

/** A flow that was forwarded, for the tracer. */
export interface ForwardedFlow {
  readonly flow: Flow;
  readonly decision: ForwardDecision;
  /** Revision of the table the decision was made with. */
  readonly resourceVersion: string;
}

/** Tells the tracer that a flow was forwarded; called only while the tracer is active. */
export function emitForwarded(
  tracer: HopTracer,
  { flow, decision, resourceVersion }: ForwardedFlow,
  upstream: Address,
  connectMs: number | undefined,
): void {
  tracer.emit({
    type: "forwarded",
    protocol: flow.protocol,
    service: decision.frontend.service.name,
    client: toAddress(flow.client),
    frontend: toAddress(flow.frontend),
    upstream,
    endpoint: toAddress(decision.endpoint),
    candidates: candidatesOf(decision.endpoints),
    draw: decision.draw,
    affinity: decision.affinity,
    resourceVersion,
    ...(connectMs !== undefined && { connectMs }),
  });
}

/** What became of a flow. */
export interface FlowEnd {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly reset: boolean;
}

/** Tells the tracer that a forwarded flow has ended. */
export function emitClosed(
  tracer: HopTracer,
  { flow, decision }: ForwardedFlow,
  end: FlowEnd,
): void {
  tracer.emit({
    type: "closed",
    protocol: flow.protocol,
    service: decision.frontend.service.name,
    client: toAddress(flow.client),
    frontend: toAddress(flow.frontend),
    endpoint: toAddress(decision.endpoint),
    ...end,
  });
}

/** A flow that got no endpoint. */
export interface RejectedFlow {
  readonly flow: Flow;
  readonly reason: RejectReason;
  /** `ns/name:port`, when the frontend belongs to one. */
  readonly service: string | undefined;
  readonly resourceVersion: string;
}

/** Tells the tracer that a flow was turned away; called only while the tracer is active. */
export function emitRejected(tracer: HopTracer, rejected: RejectedFlow): void {
  const { flow, reason, service, resourceVersion } = rejected;
  tracer.emit({
    type: "rejected",
    protocol: flow.protocol,
    ...(service !== undefined && { service }),
    client: toAddress(flow.client),
    frontend: toAddress(flow.frontend),
    reason,
    resourceVersion,
  });
}

/** A plain copy: a flow's addresses may be read from its socket only when asked. */
function toAddress({ ip, port }: Address): { ip: string; port: number } {
  return { ip, port };
}
