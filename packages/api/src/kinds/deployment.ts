import {
  ConditionsSchema,
  LabelSelectorSchema,
  type Condition,
  type LabelSelector,
} from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  bool,
  described,
  int32,
  int64,
  intOrString,
  object,
  text,
  type SchemaOf,
} from "../schema.ts";
import { PodTemplateSpecSchema, type PodTemplateSpec } from "./pod-spec.ts";

/** Pods that are replaced step by step when their template changes. */
export type Deployment = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: DeploymentSpec;
  status?: DeploymentStatus;
};

/** Desired state of a Deployment. */
export interface DeploymentSpec {
  replicas?: number;
  selector: LabelSelector;
  template: PodTemplateSpec;
  strategy?: DeploymentStrategy;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
  paused?: boolean;
  progressDeadlineSeconds?: number;
}

/** How old pods are replaced. */
export interface DeploymentStrategy {
  type?: "RollingUpdate" | "Recreate";
  rollingUpdate?: RollingUpdateDeployment;
}

/** Numbers or percentages of the replicas. */
export interface RollingUpdateDeployment {
  maxUnavailable?: number | string;
  maxSurge?: number | string;
}

/** State of a Deployment. */
export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  conditions?: Condition[];
  collisionCount?: number;
}

const DeploymentStrategySchema: SchemaOf<DeploymentStrategy> = object<DeploymentStrategy>(
  "DeploymentStrategy",
  "How old pods are replaced.",
  {
    type: text("RollingUpdate or Recreate; default RollingUpdate."),
    rollingUpdate: object<RollingUpdateDeployment>(
      "RollingUpdateDeployment",
      "Limits of a rolling update.",
      {
        maxUnavailable: intOrString("Pods that may be missing; default 25%."),
        maxSurge: intOrString("Pods that may be too many; default 25%."),
      },
    ),
  },
);

const DeploymentSpecSchema: SchemaOf<DeploymentSpec> = object<DeploymentSpec>(
  "DeploymentSpec",
  "Desired state of the Deployment.",
  {
    replicas: int32("How many pods; default 1."),
    selector: LabelSelectorSchema,
    template: PodTemplateSpecSchema,
    strategy: described(DeploymentStrategySchema, "How old pods are replaced.", "retainKeys"),
    minReadySeconds: int32("Seconds a pod must be ready to count as available."),
    revisionHistoryLimit: int32("How many old ReplicaSets stay; default 10."),
    paused: bool("Changes of the template are not rolled out."),
    progressDeadlineSeconds: int32("Seconds without progress that count as failure."),
  },
  ["selector", "template"],
);

/** Schema of Deployment. */
export const DeploymentSchema: SchemaOf<Deployment> = object<Deployment>(
  "Deployment",
  "Pods that are replaced step by step when their template changes.",
  {
    ...typeAndMeta,
    spec: DeploymentSpecSchema,
    status: object<DeploymentStatus>("DeploymentStatus", "State of the Deployment.", {
      observedGeneration: int64("The generation the status was computed from."),
      replicas: int32("Pods there are."),
      updatedReplicas: int32("Pods of the current template."),
      readyReplicas: int32("Pods that are ready."),
      availableReplicas: int32("Pods that have been ready long enough."),
      unavailableReplicas: int32("Pods still missing."),
      terminatingReplicas: int32("Pods that are going away."),
      conditions: ConditionsSchema,
      collisionCount: int32("Collisions of template hashes."),
    }),
  },
);
