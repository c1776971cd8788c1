import type { KubeObject } from "@kubehop/api";
import { createEntry, type Entry } from "../storage/entry.ts";
import type { CacheEvent } from "./window.ts";

/** Which objects of a resource somebody asked for. */
export interface Selection {
  /** Registry keys begin with this (the resource, maybe a namespace), or are exactly `key`. */
  readonly prefix: string;
  readonly key?: string;
  /** Label and field selectors; absent when every object is wanted. */
  readonly matches?: (object: KubeObject) => boolean;
}

/** An event as one watcher sees it. */
export interface SelectedEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly entry: Entry;
}

/** Whether an object is among the selected ones. */
export function isSelected(entry: Entry, selection: Selection): boolean {
  if (selection.key !== undefined && entry.key !== selection.key) return false;
  if (!entry.key.startsWith(selection.prefix)) return false;
  return selection.matches === undefined || selection.matches(entry.object);
}

/**
 * What a change means to a watcher with a selection: an object that begins to match is ADDED, one
 * that no longer matches is DELETED in the state it had before, with the new resourceVersion.
 */
export function selectEvent(event: CacheEvent, selection: Selection): SelectedEvent | undefined {
  const { entry, previous } = event;
  const before = previous !== undefined && isSelected(previous, selection);
  if (event.type === "DELETED") return before ? { type: "DELETED", entry } : undefined;
  const now = isSelected(entry, selection);
  if (now) return { type: before ? "MODIFIED" : "ADDED", entry };
  if (!before) return undefined;
  return { type: "DELETED", entry: createEntry(entry.key, entry.revision, previous.bytes) };
}
