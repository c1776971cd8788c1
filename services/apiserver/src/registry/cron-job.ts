import {
  invalidValue,
  Kinds,
  parseCronSchedule,
  required,
  type CronJob,
  type StatusCause,
} from "@kubehop/api";
import { nonNegative, requiredOneOf } from "./common-rules.ts";
import { jobSpecCauses, setJobDefaults } from "./job.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** The controller appends a time of eleven characters to make a Job's name. */
const NAME_LIMIT = 52;

/** CronJob (pkg/apis/batch/validation). */
export const cronJobStrategy: Strategy<CronJob> = createStrategy(Kinds.CronJob, {
  defaults: (cronJob) => {
    cronJob.spec ??= {} as CronJob["spec"];
    const { spec } = cronJob;
    spec.jobTemplate ??= {} as CronJob["spec"]["jobTemplate"];
    spec.jobTemplate.spec ??= {} as CronJob["spec"]["jobTemplate"]["spec"];
    setJobDefaults(spec.jobTemplate.spec);
    spec.concurrencyPolicy ??= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
  },
  prepareForCreate: (cronJob) => {
    cronJob.status = {};
  },
  validate: ({ metadata, spec }) => [
    ...(metadata.name.length > NAME_LIMIT
      ? [invalidValue("metadata.name", metadata.name, "must be no more than 52 characters")]
      : []),
    ...scheduleCauses("spec.schedule", spec.schedule),
    ...timeZoneCauses("spec.timeZone", spec.timeZone),
    ...nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds),
    ...requiredOneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, [
      "Allow",
      "Forbid",
      "Replace",
    ]),
    ...nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit),
    ...nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit),
    ...jobSpecCauses("spec.jobTemplate.spec", spec.jobTemplate.spec),
  ],
});

function scheduleCauses(field: string, schedule: string | undefined): StatusCause[] {
  if (schedule === undefined || schedule === "") return [required(field)];
  if (schedule.includes("TZ")) {
    const why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
    return [invalidValue(field, schedule, why)];
  }
  const parsed = parseCronSchedule(schedule);
  return "wrong" in parsed ? [invalidValue(field, schedule, parsed.wrong)] : [];
}

function timeZoneCauses(field: string, zone: string | undefined): StatusCause[] {
  if (zone === undefined) return [];
  if (zone === "") return [invalidValue(field, zone, "timeZone must be nil or non-empty string")];
  try {
    return Intl.DateTimeFormat("en", { timeZone: zone }) && [];
  } catch {
    return [invalidValue(field, zone, `unknown time zone ${zone}`)];
  }
}
