import type { Deployment, DeploymentStatus, ReplicaSet } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { deploymentOf, replicaSetOf } from "../../testing/objects.ts";
import { deploymentStatus, progressDeadlineIn } from "./status.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const reasons = ({ conditions }: DeploymentStatus): Record<string, string | undefined> =>
  Object.fromEntries((conditions ?? []).map(({ type, reason }) => [type, reason]));

function statusOf(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  options: { readonly old?: readonly ReplicaSet[]; readonly now?: number } = {},
): DeploymentStatus {
  return deploymentStatus(deployment, { current, old: options.old ?? [] }, options.now ?? START);
}

describe("deploymentStatus", () => {
  it("counts over all ReplicaSets", () => {
    const status = statusOf(deploymentOf(), replicaSetOf(2, 1), { old: [replicaSetOf(2)] });
    expect(status).toMatchObject({
      observedGeneration: 1,
      replicas: 4,
      updatedReplicas: 2,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 1,
    });
    expect(reasons(status)).toEqual({
      Available: "MinimumReplicasAvailable",
      Progressing: "ReplicaSetUpdated",
    });
  });

  it("is complete when every pod is new and available", () => {
    expect(reasons(statusOf(deploymentOf(), replicaSetOf(3)))).toEqual({
      Available: "MinimumReplicasAvailable",
      Progressing: "NewReplicaSetAvailable",
    });
  });

  it("is too late when nothing moved for progressDeadlineSeconds, and recovers", () => {
    const deployment = deploymentOf({ progressDeadlineSeconds: 60 });
    deployment.status = statusOf(deployment, replicaSetOf(3, 1));
    expect(progressDeadlineIn(deployment, deployment.status, START + 20_000)).toBe(40_000);
    const soon = statusOf(deployment, replicaSetOf(3, 1), { now: START + 59_000 });
    expect(reasons(soon)["Progressing"]).toBe("ReplicaSetUpdated");
    const late = statusOf(deployment, replicaSetOf(3, 1), { now: START + 61_000 });
    expect(reasons(late)["Progressing"]).toBe("ProgressDeadlineExceeded");
    deployment.status = late;
    expect(progressDeadlineIn(deployment, late, START + 61_000)).toBeUndefined();
    const moved = statusOf(deployment, replicaSetOf(3, 2), { now: START + 70_000 });
    expect(reasons(moved)["Progressing"]).toBe("ReplicaSetUpdated");
  });

  it("says that it is paused", () => {
    const deployment = deploymentOf({ paused: true });
    expect(reasons(statusOf(deployment, replicaSetOf(3)))["Progressing"]).toBe("DeploymentPaused");
  });

  it("changes nothing when nothing changed", () => {
    const deployment = deploymentOf();
    const set = replicaSetOf(3);
    deployment.status = statusOf(deployment, set);
    expect(statusOf(deployment, set, { now: START + 5_000 })).toEqual(deployment.status);
  });
});
