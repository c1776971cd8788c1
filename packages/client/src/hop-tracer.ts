import { type HopEvent, hopSubject, TRACE_LEASE_SUBJECT, type TraceLease } from "@kubehop/api";
import type { Bus } from "./bus/connection.ts";
import { type Clock, systemClock } from "./logger.ts";

/** Who emits, over what. */
export interface HopTracerOptions {
  readonly bus: Bus;
  readonly component: HopEvent["component"];
  /** The node's name. */
  readonly node: string;
  readonly clock?: Clock;
}

/** A hop event as its emitter gives it: component, node and time are the tracer's to add. */
export type HopDetails<E extends HopEvent = HopEvent> = E extends HopEvent
  ? Omit<E, "component" | "node" | "time"> & { readonly time?: number }
  : never;

/**
 * Sends hop events while somebody traces, and costs one comparison while nobody does. Events of
 * one component and node arrive in the order they were emitted; with the bus away they are lost.
 */
export interface HopTracer extends Disposable {
  /** Whether somebody wants events now: ask before building an expensive one. */
  active(): boolean;
  /** Calls back when somebody begins, or goes on, to trace. */
  onLease(listener: () => void): Disposable;
  /** Sends an event if somebody traces. */
  emit(event: HopDetails): void;
  /**
   * Says from which registry revision on this component serves; sent with no tracer too, and again
   * whenever somebody begins to trace: who comes later still learns how current a component is.
   */
  synced(resourceVersion: string): void;
}

/** Creates a tracer; it listens for the tracers' lease at once. */
export function createHopTracer(options: HopTracerOptions): HopTracer {
  const { bus, component, node } = options;
  const clock = options.clock ?? systemClock;
  const subject = hopSubject({ component, node });
  const listeners = new Set<() => void>();
  let expires = 0;
  let serving: string | undefined;
  const active = (): boolean => clock.now() < expires;
  const send = (event: HopDetails): void => {
    bus.publish(subject, { ...event, component, node, time: event.time ?? clock.now() });
  };
  const tellSynced = (): void => {
    if (serving !== undefined) send({ type: "synced", resourceVersion: serving });
  };
  const subscription = bus.subscribe(TRACE_LEASE_SUBJECT, (lease) => {
    const { expires: until, begins } = (lease ?? {}) as Partial<TraceLease>;
    if (begins === true) tellSynced();
    if (typeof until !== "number" || until <= expires) return;
    expires = until;
    for (const listener of listeners) listener();
  });
  return {
    active,
    onLease(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    emit(event) {
      if (active()) send(event);
    },
    synced(resourceVersion) {
      serving = resourceVersion;
      tellSynced();
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}
