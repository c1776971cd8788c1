import type { Event } from "@kubehop/api";
import { ageOf } from "./age.ts";
import { column, NAME, type Printer, wide } from "./printer.ts";

/** Columns of `kubectl get events` (source: printEvent). */
export const eventPrinter: Printer<Event> = {
  columns: [
    column("Last Seen", "Time since it happened last."),
    column("Type", "Normal or Warning."),
    column("Reason", "Why, in one word."),
    column("Object", "What it happened to."),
    wide("Subobject", "Which part of it."),
    wide("Source", "Who saw it."),
    column("Message", "What happened."),
    wide("First Seen", "Time since it happened first."),
    wide("Count", "How often it happened."),
    { ...wide("Name", NAME.description), format: "name" },
  ],
  row: (event, now) => ({
    cells: [
      lastSeen(event, now),
      event.type ?? "",
      event.reason ?? "",
      objectOf(event),
      event.involvedObject.fieldPath ?? "",
      sourceOf(event),
      (event.message ?? "").trim(),
      firstSeen(event, now),
      event.series?.count ?? (event.count === 0 ? 1 : (event.count ?? 1)),
      event.metadata.name,
    ],
  }),
};

function firstSeen(event: Event, now: number): string {
  return ageOf(event.firstTimestamp ?? event.eventTime, now);
}

function lastSeen(event: Event, now: number): string {
  if (event.series !== undefined) return ageOf(event.series.lastObservedTime, now);
  return event.lastTimestamp === undefined
    ? firstSeen(event, now)
    : ageOf(event.lastTimestamp, now);
}

function objectOf({ involvedObject: { kind = "", name } }: Event): string {
  return name === undefined || name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
}

function sourceOf({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component ?? reportingComponent ?? "";
  const host = source?.host ?? reportingInstance ?? "";
  return host === "" ? component : `${component}, ${host}`;
}
