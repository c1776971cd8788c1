import type { Event } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { isExpiredEvent } from "./event-expiry.ts";

const NOW = Date.parse("2030-01-01T12:00:00Z");
const TTL_MS = 3_600_000;
const OLD = "2030-01-01T10:59:59Z";
const RECENT = "2030-01-01T11:00:01Z";

function event(fields: Partial<Event>, creationTimestamp = OLD): Event {
  const metadata = { name: "a.1", namespace: "default", creationTimestamp };
  return { apiVersion: "v1", kind: "Event", metadata, involvedObject: {}, ...fields };
}

describe("an Event is kept for its time to live after the latest of", () => {
  it.each<[string, Event, boolean]>([
    ["creation", event({}, RECENT), false],
    ["creation, long ago", event({}), true],
    ["creation, whatever it says itself", event({ lastTimestamp: OLD }, RECENT), false],
    ["lastTimestamp", event({ lastTimestamp: RECENT }), false],
    ["eventTime", event({ eventTime: "2030-01-01T11:00:00.500000Z" }), false],
    ["series.lastObservedTime", event({ series: { count: 2, lastObservedTime: RECENT } }), false],
    ["times that have come", event({ lastTimestamp: "2999-01-01T00:00:00Z" }), true],
    ["times that can be read", event({ lastTimestamp: "yesterday" }), true],
  ])("%s", (_what, object, expired) => {
    expect(isExpiredEvent(object, NOW, TTL_MS)).toBe(expired);
  });
});
