import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, microTime, object, text, time, type SchemaOf } from "../schema.ts";
import { EventSourceSchema, type EventSource } from "./event.ts";
import { ObjectReferenceSchema, type ObjectReference } from "./object-reference.ts";

/** An Event as events.k8s.io/v1 has it: the same object as core v1's under other field names. */
export type EventsV1Event = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  eventTime?: string;
  series?: EventsV1Series;
  reportingController?: string;
  reportingInstance?: string;
  action?: string;
  reason?: string;
  regarding?: ObjectReference;
  related?: ObjectReference;
  note?: string;
  type?: string;
  deprecatedSource?: EventSource;
  deprecatedFirstTimestamp?: string;
  deprecatedLastTimestamp?: string;
  deprecatedCount?: number;
};

/** Repetitions of an event. */
export interface EventsV1Series {
  count: number;
  lastObservedTime: string;
}

/** Schema of Event in events.k8s.io/v1. */
export const EventsV1EventSchema: SchemaOf<EventsV1Event> = object<EventsV1Event>(
  "Event",
  "Something that happened to an object.",
  {
    ...typeAndMeta,
    eventTime: microTime("When it first happened."),
    series: object<EventsV1Series>(
      "EventSeries",
      "Repetitions.",
      { count: int32("How often."), lastObservedTime: microTime("When last.") },
      ["count", "lastObservedTime"],
    ),
    reportingController: text("Name of the reporting controller."),
    reportingInstance: text("Its instance."),
    action: text("What was done."),
    reason: text("One word for why."),
    regarding: ObjectReferenceSchema,
    related: ObjectReferenceSchema,
    note: text("A sentence about it."),
    type: text("Normal or Warning."),
    deprecatedSource: EventSourceSchema,
    deprecatedFirstTimestamp: time("When it first happened."),
    deprecatedLastTimestamp: time("When it last happened."),
    deprecatedCount: int32("How often it happened."),
  },
  ["eventTime"],
);
