import { expect, test } from "vitest";
import { Kinds } from "../kinds/index.ts";
import { applyPatch, PATCH_TYPES } from "./index.ts";

const object = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "a", labels: { x: "1" } },
  spec: { ports: [{ port: 80 }] },
};
const request = { kind: Kinds.Service, object };

test("each content type has its own meaning", () => {
  const patch = { spec: { ports: [{ port: 81 }] } };
  const merged = applyPatch({ ...request, contentType: PATCH_TYPES.merge, patch });
  expect(merged).toMatchObject({ spec: { ports: [{ port: 81 }] } });
  const strategic = applyPatch({ ...request, contentType: PATCH_TYPES.strategic, patch });
  expect(strategic).toMatchObject({ spec: { ports: [{ port: 81 }, { port: 80 }] } });
  const operations = [{ op: "remove", path: "/metadata/labels" }];
  const json = applyPatch({ ...request, contentType: PATCH_TYPES.json, patch: operations });
  expect(json).toMatchObject({ metadata: { name: "a" } });
  expect(object.metadata.labels).toEqual({ x: "1" });
});

test.each([
  ["text/plain", {}, 415],
  ["application/apply-patch+yaml", {}, 415],
  [PATCH_TYPES.merge, [], 400],
  [PATCH_TYPES.strategic, null, 400],
  [PATCH_TYPES.json, {}, 400],
])("%s with %j is %d", (contentType, patch, code) => {
  expect(() => applyPatch({ ...request, contentType, patch })).toThrow(
    expect.objectContaining({ code }) as Error,
  );
});
