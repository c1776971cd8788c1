import { expect, it } from "vitest";
import { createEntry, encodeObject, entryItemParts, entryJson } from "./entry.ts";

const OBJECT = {
  metadata: { name: "a", resourceVersion: "3", annotations: { x: '"metadata":{' } },
  kind: "ConfigMap",
  data: { b: '"metadata":{"c"' },
  apiVersion: "v1",
};

it("stored bytes carry no version; what is shown does", () => {
  const bytes = encodeObject(OBJECT);
  expect(bytes.toString()).not.toContain("resourceVersion");
  const entry = createEntry("configmaps.default.a", 7, bytes);
  const shown = { ...OBJECT, metadata: { ...OBJECT.metadata, resourceVersion: "7" } };
  expect(JSON.parse(entryJson(entry).toString())).toEqual(shown);
  expect(entry.object).toEqual(shown);
  const { apiVersion: _a, kind: _k, ...item } = shown;
  expect(JSON.parse(Buffer.concat(entryItemParts(entry)).toString())).toEqual(item);
});

it("an object that was not stored has no version", () => {
  const entry = createEntry("configmaps.default.a", 0, encodeObject(OBJECT));
  expect(entryJson(entry).toString()).not.toContain("resourceVersion");
  expect(entry.object.metadata.resourceVersion).toBeUndefined();
});
