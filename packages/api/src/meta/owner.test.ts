import { expect, test } from "vitest";
import { Kinds } from "../kinds/index.ts";
import { controllerOf, isOwnedBy, ownerReferenceTo } from "./owner.ts";

const owner = { metadata: { name: "web", namespace: "default", uid: "u1" } };

test("a controller reference leads back to its owner", () => {
  const reference = ownerReferenceTo(Kinds.ReplicaSet, owner);
  expect(reference).toEqual({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "web",
    uid: "u1",
    controller: true,
    blockOwnerDeletion: true,
  });
  const other = { ...reference, uid: "u2", controller: false };
  const pod = { metadata: { name: "web-1", ownerReferences: [other, reference] } };
  expect(controllerOf(pod)).toBe(reference);
  expect(isOwnedBy(pod, owner)).toBe(true);
  expect(isOwnedBy(pod, { metadata: { name: "web", uid: "u3" } })).toBe(false);
});

test("no reference, no owner", () => {
  const pod = { metadata: { name: "alone" } };
  expect(controllerOf(pod)).toBeUndefined();
  expect(isOwnedBy(pod, owner)).toBe(false);
});
