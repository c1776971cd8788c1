import type { CronJob, CronJobSpec, Job } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { newUid, templateOf } from "../../testing/objects.ts";
import { dueTimes, isActive, jobDraft, surplusJobs } from "./plan.ts";

const NOW = Date.parse("2026-03-01T10:02:30Z");

function cronJobOf(spec: Partial<CronJobSpec> = {}, last?: string): CronJob {
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: {
      name: "tick",
      namespace: "default",
      uid: newUid(),
      creationTimestamp: "2026-03-01T09:00:10Z",
    },
    spec: {
      schedule: "*/5 * * * *",
      jobTemplate: { metadata: { labels: { a: "b" } }, spec: { template: templateOf("one") } },
      ...spec,
    },
    ...(last !== undefined && { status: { lastScheduleTime: last } }),
  };
}

const shown = (time: number | undefined): string =>
  time === undefined ? "none" : new Date(time).toISOString().slice(11, 16);

describe("dueTimes", () => {
  it.each<[string, CronJob, string, string]>([
    ["the latest of those missed", cronJobOf(), "10:00", "10:05"],
    ["nothing after that", cronJobOf({}, "2026-03-01T10:00:00Z"), "none", "10:05"],
    ["nothing before it was made", cronJobOf({ schedule: "0 9 * * *" }), "none", "09:00"],
    ["nothing that never comes", cronJobOf({ schedule: "0 0 31 2 *" }), "none", "none"],
    [
      "by the time zone",
      cronJobOf({ schedule: "0 19 * * *", timeZone: "Asia/Tokyo" }),
      "10:00",
      "10:00",
    ],
    ["after years of sleep", cronJobOf({}, "2023-01-01T00:00:00Z"), "10:00", "10:05"],
    [
      "a month ago",
      cronJobOf({ schedule: "0 0 10 * *" }, "2026-01-31T00:00:00Z"),
      "00:00",
      "00:00",
    ],
  ])("%s", (_what, cronJob, due, next) => {
    const times = dueTimes(cronJob, NOW);
    expect([shown(times.due), shown(times.next), times.missed]).toEqual([due, next, false]);
  });

  it("tells what came too long ago", () => {
    expect(dueTimes(cronJobOf({ startingDeadlineSeconds: 149 }), NOW).missed).toBe(true);
    expect(dueTimes(cronJobOf({ startingDeadlineSeconds: 150 }), NOW).missed).toBe(false);
  });
});

it("a Job is named by its time", () => {
  const scheduled = Date.parse("2026-03-01T10:00:00Z");
  expect(jobDraft(cronJobOf(), scheduled).metadata).toMatchObject({
    name: `tick-${scheduled / 60_000}`,
    labels: { a: "b" },
    annotations: { "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-03-01T10:00:00Z" },
    ownerReferences: [{ kind: "CronJob", name: "tick", controller: true }],
  });
});

it("a Job counts as active while it runs, if the clock began it", () => {
  const { metadata: drafted, spec } = jobDraft(cronJobOf(), NOW);
  const metadata = { ...drafted, name: "tick-1" };
  const job: Job = { apiVersion: "batch/v1", kind: "Job", metadata, spec };
  expect(isActive(job)).toBe(true);
  const { annotations: _, ...byHand } = metadata;
  expect(isActive({ ...job, metadata: byHand })).toBe(false);
  const conditions = [{ type: "Complete", status: "True" as const }];
  expect(isActive({ ...job, status: { conditions } })).toBe(false);
  const deleted = { ...metadata, deletionTimestamp: "2026-03-01T10:03:00Z" };
  expect(isActive({ ...job, metadata: deleted })).toBe(false);
});

it("ended Jobs beyond the limits go, the oldest first", () => {
  const jobOf = (name: string, type: string, startTime: string): Job => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: { template: templateOf("one") },
    status: { startTime, conditions: [{ type, status: "True" }] },
  });
  const jobs = [
    jobOf("b", "Complete", "2026-01-02T00:00:00Z"),
    jobOf("a", "Complete", "2026-01-01T00:00:00Z"),
    jobOf("f", "Failed", "2026-01-01T00:00:00Z"),
    jobOf("r", "Suspended", "2026-01-01T00:00:00Z"),
  ];
  const cronJob = cronJobOf({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 });
  expect(surplusJobs(cronJob, jobs).map(({ metadata }) => metadata.name)).toEqual(["a"]);
});
