import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, microTime, object, text, time, type SchemaOf } from "../schema.ts";
import { ObjectReferenceSchema, type ObjectReference } from "./object-reference.ts";

/** Something that happened to an object (core v1). */
export type Event = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  involvedObject: ObjectReference;
  reason?: string;
  message?: string;
  source?: EventSource;
  firstTimestamp?: string;
  lastTimestamp?: string;
  count?: number;
  type?: string;
  eventTime?: string;
  series?: EventSeries;
  action?: string;
  related?: ObjectReference;
  reportingComponent?: string;
  reportingInstance?: string;
};

/** Who reports. */
export interface EventSource {
  component?: string;
  host?: string;
}

/** Repetitions of an event. */
export interface EventSeries {
  count?: number;
  lastObservedTime?: string;
}

/** Schema of EventSource. */
export const EventSourceSchema: SchemaOf<EventSource> = object<EventSource>(
  "EventSource",
  "Who reports.",
  { component: text("The component."), host: text("Its node.") },
);

/** Schema of Event. */
export const EventSchema: SchemaOf<Event> = object<Event>(
  "Event",
  "Something that happened to an object.",
  {
    ...typeAndMeta,
    involvedObject: ObjectReferenceSchema,
    reason: text("One word for what happened."),
    message: text("A sentence about it."),
    source: EventSourceSchema,
    firstTimestamp: time("When it first happened."),
    lastTimestamp: time("When it last happened."),
    count: int32("How often it happened."),
    type: text("Normal or Warning."),
    eventTime: microTime("When it happened."),
    series: object<EventSeries>("EventSeries", "Repetitions.", {
      count: int32("How often."),
      lastObservedTime: microTime("When last."),
    }),
    action: text("What was done."),
    related: ObjectReferenceSchema,
    reportingComponent: text("Name of the reporting controller."),
    reportingInstance: text("Its instance."),
  },
  ["involvedObject"],
);
