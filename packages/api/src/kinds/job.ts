import {
  ConditionsSchema,
  LabelSelectorSchema,
  type Condition,
  type LabelSelector,
} from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  bool,
  freeForm,
  int32,
  int64,
  list,
  object,
  text,
  time,
  type FreeForm,
  type SchemaOf,
} from "../schema.ts";
import { PodTemplateSpecSchema, type PodTemplateSpec } from "./pod-spec.ts";

/** Pods that run until some of them have ended well. */
export type Job = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: JobSpec;
  status?: JobStatus;
};

/** Desired state of a Job. */
export interface JobSpec {
  parallelism?: number;
  completions?: number;
  activeDeadlineSeconds?: number;
  podFailurePolicy?: FreeForm;
  successPolicy?: FreeForm;
  backoffLimit?: number;
  backoffLimitPerIndex?: number;
  maxFailedIndexes?: number;
  selector?: LabelSelector;
  manualSelector?: boolean;
  template: PodTemplateSpec;
  ttlSecondsAfterFinished?: number;
  completionMode?: "NonIndexed" | "Indexed";
  suspend?: boolean;
  podReplacementPolicy?: "TerminatingOrFailed" | "Failed";
  managedBy?: string;
}

/** State of a Job. */
export interface JobStatus {
  conditions?: Condition[];
  startTime?: string;
  completionTime?: string;
  active?: number;
  succeeded?: number;
  failed?: number;
  terminating?: number;
  completedIndexes?: string;
  failedIndexes?: string;
  uncountedTerminatedPods?: UncountedTerminatedPods;
  ready?: number;
}

/** Uids of pods that have ended and that the counts lack. */
export interface UncountedTerminatedPods {
  succeeded?: string[];
  failed?: string[];
}

/** Schema of JobSpec; CronJobs have it too. */
export const JobSpecSchema: SchemaOf<JobSpec> = object<JobSpec>(
  "JobSpec",
  "Desired state of the Job.",
  {
    parallelism: int32("Pods that run at a time; default 1."),
    completions: int32("Pods that must end well; absent: one, and then no new pod begins."),
    activeDeadlineSeconds: int64("Seconds after which the Job fails."),
    podFailurePolicy: freeForm("What failures of pods mean."),
    successPolicy: freeForm("When the Job has succeeded early."),
    backoffLimit: int32("Failed pods before the Job fails; default 6."),
    backoffLimitPerIndex: int32("Failed pods before an index fails."),
    maxFailedIndexes: int32("Failed indexes before the Job fails."),
    selector: LabelSelectorSchema,
    manualSelector: bool("The selector is the writer's, not the server's."),
    template: PodTemplateSpecSchema,
    ttlSecondsAfterFinished: int32("Seconds after its end until the Job is deleted."),
    completionMode: text("NonIndexed or Indexed; default NonIndexed."),
    suspend: bool("No pods run."),
    podReplacementPolicy: text("When a pod is replaced: TerminatingOrFailed or Failed."),
    managedBy: text("The controller in charge; default kubernetes.io/job-controller."),
  },
  ["template"],
);

const UidsSchema: SchemaOf<string[]> = list(text(""), "Uids of pods.", { listType: "set" });

/** Schema of Job. */
export const JobSchema: SchemaOf<Job> = object<Job>(
  "Job",
  "Pods that run until some of them have ended well.",
  {
    ...typeAndMeta,
    spec: JobSpecSchema,
    status: object<JobStatus>("JobStatus", "State of the Job.", {
      conditions: ConditionsSchema,
      startTime: time("When the Job was begun, or last resumed."),
      completionTime: time("When the Job succeeded."),
      active: int32("Pods that have not ended."),
      succeeded: int32("Pods that ended well."),
      failed: int32("Pods that failed."),
      terminating: int32("Pods that are going away."),
      completedIndexes: text("Indexes that ended well: 1,3-5,7."),
      failedIndexes: text("Indexes that failed for good."),
      uncountedTerminatedPods: object<UncountedTerminatedPods>(
        "UncountedTerminatedPods",
        "Pods that have ended and that the counts lack.",
        { succeeded: UidsSchema, failed: UidsSchema },
      ),
      ready: int32("Pods that are ready."),
    }),
  },
);
