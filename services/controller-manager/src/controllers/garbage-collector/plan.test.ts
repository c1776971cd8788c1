import type { KubeObject, OwnerReference } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { podOf, replicaSetOf } from "../../testing/objects.ts";
import { blocks, judge } from "./plan.ts";

const referenceTo = (uid: string): OwnerReference => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: uid,
  uid,
});
const living = { reference: referenceTo("a"), owner: replicaSetOf(1) as KubeObject };
const gone = { reference: referenceTo("b"), owner: undefined };
const waitingSet = replicaSetOf(1);
waitingSet.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
waitingSet.metadata.finalizers = ["foregroundDeletion"];
const waiting = { reference: referenceTo("c"), owner: waitingSet as KubeObject };

describe("judge", () => {
  it.each([
    ["no owners", [], false, { action: "keep" }],
    ["a living owner", [living], false, { action: "keep" }],
    ["no owner left", [gone], false, { action: "delete", propagationPolicy: "Background" }],
    [
      "a living and a lost owner",
      [living, gone],
      false,
      { action: "forget", keep: [living.reference] },
    ],
    [
      "an owner that waits",
      [waiting],
      false,
      { action: "delete", propagationPolicy: "Background" },
    ],
    [
      "an owner that waits, dependents",
      [waiting],
      true,
      { action: "delete", propagationPolicy: "Foreground" },
    ],
  ] as const)("%s", (_name, owners, hasDependents, expected) => {
    expect(judge(podOf(), owners, hasDependents)).toEqual(expected);
  });

  it("honours what the object itself asked for", () => {
    const object = podOf();
    object.metadata.finalizers = ["orphan"];
    expect(judge(object, [gone], true)).toEqual({ action: "delete", propagationPolicy: "Orphan" });
  });
});

describe("blocks", () => {
  it("asks for blockOwnerDeletion on that very owner", () => {
    const object = podOf();
    object.metadata.ownerReferences = [
      { ...referenceTo("a"), blockOwnerDeletion: true },
      referenceTo("b"),
    ];
    expect([blocks(object, "a"), blocks(object, "b"), blocks(object, "c")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
