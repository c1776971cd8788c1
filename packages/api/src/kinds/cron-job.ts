import { ObjectMetaSchema, typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, int32, int64, list, object, text, time, type SchemaOf } from "../schema.ts";
import { JobSpecSchema, type JobSpec } from "./job.ts";
import { ObjectReferenceSchema, type ObjectReference } from "./object-reference.ts";

/** Jobs that begin by the clock. */
export type CronJob = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: CronJobSpec;
  status?: CronJobStatus;
};

/** Desired state of a CronJob. */
export interface CronJobSpec {
  schedule: string;
  timeZone?: string;
  startingDeadlineSeconds?: number;
  concurrencyPolicy?: "Allow" | "Forbid" | "Replace";
  suspend?: boolean;
  jobTemplate: JobTemplateSpec;
  successfulJobsHistoryLimit?: number;
  failedJobsHistoryLimit?: number;
}

/** The Jobs to make. */
export interface JobTemplateSpec {
  metadata?: Partial<ObjectMeta>;
  spec: JobSpec;
}

/** State of a CronJob. */
export interface CronJobStatus {
  active?: ObjectReference[];
  lastScheduleTime?: string;
  lastSuccessfulTime?: string;
}

/** Schema of CronJob. */
export const CronJobSchema: SchemaOf<CronJob> = object<CronJob>(
  "CronJob",
  "Jobs that begin by the clock.",
  {
    ...typeAndMeta,
    spec: object<CronJobSpec>(
      "CronJobSpec",
      "Desired state of the CronJob.",
      {
        schedule: text("When, as in crontab(5): minute, hour, day, month, weekday."),
        timeZone: text("Time zone of the schedule; default: the controller's."),
        startingDeadlineSeconds: int64("Seconds after which a missed time is given up."),
        concurrencyPolicy: text("Allow, Forbid or Replace; default Allow."),
        suspend: bool("No Jobs begin."),
        jobTemplate: object<JobTemplateSpec>("JobTemplateSpec", "The Jobs to make.", {
          metadata: ObjectMetaSchema,
          spec: JobSpecSchema,
        }),
        successfulJobsHistoryLimit: int32("Succeeded Jobs that stay; default 3."),
        failedJobsHistoryLimit: int32("Failed Jobs that stay; default 1."),
      },
      ["schedule", "jobTemplate"],
    ),
    status: object<CronJobStatus>("CronJobStatus", "State of the CronJob.", {
      active: list(ObjectReferenceSchema, "Jobs that run.", { listType: "atomic" }),
      lastScheduleTime: time("When a Job last began."),
      lastSuccessfulTime: time("When a Job last succeeded."),
    }),
  },
);
