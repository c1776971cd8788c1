import { POD_TEMPLATE_HASH_LABEL, type ReplicaSet, REVISION_ANNOTATION } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { deploymentOf, newUid, replicaSetOf, templateOf } from "../../testing/objects.ts";
import {
  findGenerations,
  nextRevision,
  outdatedReplicaSets,
  replicaSetAnnotations,
  replicaSetDraft,
} from "./revisions.ts";

const limits = { replicas: 3, maxSurge: 1, maxUnavailable: 0, minAvailable: 3 };

function setOf(image: string, revision: number, replicas = 0): ReplicaSet {
  const set = replicaSetOf(replicas);
  set.spec.template = templateOf(image);
  set.metadata.annotations = { [REVISION_ANNOTATION]: String(revision) };
  return set;
}

describe("replicaSetDraft", () => {
  it("is found again by its template, and by no other", () => {
    const deployment = deploymentOf();
    const draft = replicaSetDraft(deployment, {}, 0);
    const set = {
      ...draft,
      metadata: { ...draft.metadata, name: draft.metadata.name ?? "", uid: newUid() },
    };
    expect(findGenerations(deployment, [set, setOf("two", 1)]).current).toBe(set);
    const changed = deploymentOf({ template: templateOf("three") });
    expect(findGenerations(changed, [set]).current).toBeUndefined();
    expect(replicaSetDraft(deployment, {}, 0).metadata.name).toBe(draft.metadata.name);
    expect(replicaSetDraft(changed, {}, 0).metadata.name).not.toBe(draft.metadata.name);
  });

  it("takes another name after a collision, and selects by its own hash", () => {
    const deployment = deploymentOf();
    const first = replicaSetDraft(deployment, {}, 0);
    deployment.status = { collisionCount: 1 };
    const second = replicaSetDraft(deployment, {}, 0);
    expect(second.metadata.name).not.toBe(first.metadata.name);
    const hash = second.metadata.labels?.[POD_TEMPLATE_HASH_LABEL];
    expect(second.spec.selector.matchLabels?.[POD_TEMPLATE_HASH_LABEL]).toBe(hash);
    expect(second.spec.template.metadata?.labels?.[POD_TEMPLATE_HASH_LABEL]).toBe(hash);
  });
});

describe("nextRevision", () => {
  it.each([
    ["the first", undefined, [], 1],
    ["a new template", undefined, [setOf("one", 4)], 5],
    ["the same rollout", setOf("one", 5), [setOf("two", 4)], 5],
    ["the same rollout, others forgotten", setOf("one", 7), [setOf("two", 4)], 7],
    ["an undo", setOf("one", 3), [setOf("two", 4)], 5],
  ])("%s", (_name, current, old, expected) => {
    expect(nextRevision({ current, old })).toBe(expected);
  });
});

describe("replicaSetAnnotations", () => {
  it("hands the Deployment's annotations on, but not those of its own", () => {
    const deployment = deploymentOf();
    deployment.metadata.annotations = {
      team: "a",
      [REVISION_ANNOTATION]: "7",
      "kubectl.kubernetes.io/last-applied-configuration": "{}",
    };
    expect(replicaSetAnnotations(deployment, { kept: "b" }, { revision: 8, limits })).toEqual({
      kept: "b",
      team: "a",
      [REVISION_ANNOTATION]: "8",
      "deployment.kubernetes.io/desired-replicas": "3",
      "deployment.kubernetes.io/max-replicas": "4",
    });
  });
});

describe("outdatedReplicaSets", () => {
  it("removes the oldest empty ones beyond the limit", () => {
    const old = [setOf("a", 1), setOf("b", 2, 2), setOf("c", 3), setOf("d", 4)];
    const deployment = deploymentOf({ revisionHistoryLimit: 2 });
    expect(outdatedReplicaSets(deployment, old)).toEqual([old[0], old[2]]);
    expect(outdatedReplicaSets(deploymentOf(), old)).toEqual([]);
  });
});
