import type { CronJob, Job, JobSpec } from "@kubehop/api";
import { ageOf, humanDuration } from "./age.ts";
import { AGE, column, integer, NAME, orNone, type Printer } from "./printer.ts";
import { CONTAINERS, IMAGES, SELECTOR, selectorText, templateCells } from "./workloads.ts";

/** Columns of `kubectl get jobs` (source: printJob). */
export const jobPrinter: Printer<Job> = {
  columns: [
    NAME,
    column("Status", "What the Job does now."),
    column("Completions", "Pods that ended well of those wanted."),
    column("Duration", "How long it ran."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  row: (job, now) => ({
    cells: [
      job.metadata.name,
      statusOf(job),
      completionsOf(job),
      durationOf(job, now),
      ageOf(job.metadata.creationTimestamp, now),
      ...jobCells(job.spec),
    ],
  }),
};

/** Columns of `kubectl get cronjobs` (source: printCronJob). */
export const cronJobPrinter: Printer<CronJob> = {
  columns: [
    NAME,
    column("Schedule", "When Jobs begin."),
    column("Timezone", "Time zone of the schedule."),
    column("Suspend", "Whether no Jobs begin."),
    integer("Active", "Jobs that run."),
    column("Last Schedule", "Time since a Job last began."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      spec?.schedule ?? "",
      orNone(spec?.timeZone),
      truthOf(spec?.suspend),
      status?.active?.length ?? 0,
      status?.lastScheduleTime === undefined ? "<none>" : ageOf(status.lastScheduleTime, now),
      ageOf(metadata.creationTimestamp, now),
      ...jobCells(spec?.jobTemplate?.spec),
    ],
  }),
};

function jobCells(spec: JobSpec | undefined): string[] {
  return [...templateCells(spec?.template), orNone(selectorText(spec?.selector))];
}

function truthOf(value: boolean | undefined): string {
  if (value === undefined) return "<unset>";
  return value ? "True" : "False";
}

function statusOf({ metadata, status }: Job): string {
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some((one) => one.type === type && one.status === "True");
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(has) ?? "Running";
}

function completionsOf({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationOf({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return "";
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}
