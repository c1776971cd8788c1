import { type EndpointSlice, LAST_CHANGE_TRIGGER_TIME_ANNOTATION } from "@kubehop/api";

/**
 * Collects when the changes that a sync applies were triggered, so that the sync can say how long
 * they took from the pod to this node (upstream: endpointschangetracker.go).
 */
export interface ProgrammingLatency {
  /** Notes a change of a slice; deletions do not count. */
  note(previous: EndpointSlice | undefined, current: EndpointSlice | undefined): void;
  /** Gives the trigger times noted since the last call, in Unix ms, and forgets them. */
  take(): readonly number[];
}

/** Triggers kept between two syncs; more say nothing more. */
const MAX_TRIGGERS = 10_000;

/** Creates a collector that ignores what was triggered before `startedAt` (Unix ms). */
export function createProgrammingLatency(startedAt: number): ProgrammingLatency {
  let triggers: number[] = [];
  return {
    note(previous, current) {
      const time = triggerTime(current);
      if (time === undefined || time === triggerTime(previous) || time < startedAt) return;
      if (triggers.length < MAX_TRIGGERS) triggers.push(time);
    },
    take() {
      const taken = triggers;
      triggers = [];
      return taken;
    },
  };
}

function triggerTime(slice: EndpointSlice | undefined): number | undefined {
  const text = slice?.metadata.annotations?.[LAST_CHANGE_TRIGGER_TIME_ANNOTATION];
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
