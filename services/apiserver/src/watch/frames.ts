import type { Status } from "@kubehop/api";
import { type Entry, entryJson } from "../storage/entry.ts";
import type { SelectedEvent } from "./selection.ts";

/** Annotation of the bookmark that ends the initial events of a watch. */
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/** Turns events into the bytes of one watch line each. */
export type EventEncoder = (event: SelectedEvent) => Buffer | string;

const HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;
const TAIL = Buffer.from("}\n");

/**
 * Creates the encoder all plain watches share. It remembers the newest line of each type, because
 * an event goes to all its watchers one after the other.
 */
export function createEventEncoder(): EventEncoder {
  const newest = new Map<SelectedEvent["type"], { entry: Entry; line: Buffer }>();
  return ({ type, entry }) => {
    const known = newest.get(type);
    if (known?.entry === entry) return known.line;
    const line = Buffer.concat([HEADS[type], entryJson(entry), TAIL]);
    newest.set(type, { entry, line });
    return line;
  };
}

/** A line that tells only how far the watch has come. */
export function bookmarkLine(
  kind: { readonly apiVersion: string; readonly kind: string },
  revision: number,
  endsInitialEvents = false,
): string {
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(endsInitialEvents && { annotations: { [INITIAL_EVENTS_END]: "true" } }),
  };
  return `${JSON.stringify({ type: "BOOKMARK", object: { ...kind, metadata } })}\n`;
}

/** The line that ends a watch with an error. */
export function errorLine(status: Status): string {
  return `${JSON.stringify({ type: "ERROR", object: status })}\n`;
}
