import { Kinds, type Kind, type KubeObject, OtherVersions, parseFieldSelector } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { createEntry, encodeObject } from "../storage/entry.ts";
import { parseListOptions } from "./list-options.ts";
import { servedEntry, storedFields, storedKind, storedObject } from "./served.ts";

const newEvents = OtherVersions.find(({ group }) => group === "events.k8s.io") as Kind;
const stored: KubeObject = {
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: "web.1", namespace: "default" },
  involvedObject: { name: "web" },
};
const entry = createEntry("events.default.web/1", 7, encodeObject(stored));

describe("a version that is not the stored one", () => {
  test("has its own form of what is stored", () => {
    expect(servedEntry(newEvents, entry)).toMatchObject({
      key: entry.key,
      revision: 7,
      object: {
        apiVersion: "events.k8s.io/v1",
        regarding: { name: "web" },
        metadata: { resourceVersion: "7" },
      },
    });
    expect(storedKind(newEvents)).toBe(Kinds.Event);
    const sent = servedEntry(newEvents, entry).object;
    expect(storedObject(newEvents, sent)).toMatchObject({ apiVersion: "v1", involvedObject: {} });
  });

  test("is listed by the stored version's key and fields", () => {
    const query = new URLSearchParams({ fieldSelector: "regarding.name=web" });
    const { selection } = parseListOptions(newEvents, "default", query);
    expect(selection.prefix).toBe("events.default.");
    expect(selection.matches?.(stored)).toBe(true);
    expect(selection.matches?.({ ...stored, involvedObject: { name: "api" } })).toBe(false);
  });

  test("refuses fields that it does not have", () => {
    const selector = parseFieldSelector("involvedObject.name=web");
    expect(() => storedFields(newEvents, selector)).toThrow(
      "field label not supported: involvedObject.name",
    );
    expect(storedFields(newEvents, parseFieldSelector("metadata.name=web"))).toHaveLength(1);
  });
});

test("the stored version stays as it is", () => {
  expect(servedEntry(Kinds.Event, entry)).toBe(entry);
  expect(storedObject(Kinds.Event, stored)).toBe(stored);
  expect(storedKind(Kinds.Event)).toBe(Kinds.Event);
});
