import { Kinds, type Job } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { cronJobStrategy } from "./cron-job.ts";
import { jobStrategy } from "./job.ts";

const uid = "0b2f";
const metadata = { name: "pi", uid };
const template = {
  metadata: { labels: { app: "pi" } },
  spec: { restartPolicy: "Never", containers: [{ name: "pi", image: "pi:1" }] },
};
const job = (spec: object = {}) =>
  created(Kinds.Job, jobStrategy, { metadata, spec: { template, ...spec } });

describe("Job", () => {
  test("defaults, and a selector by its uid", () => {
    const { object, causes } = job();
    expect(causes).toEqual([]);
    expect(object.metadata.labels).toEqual({ app: "pi" });
    expect(object.spec).toMatchObject({
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: "NonIndexed",
      suspend: false,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": uid } },
      template: {
        metadata: {
          labels: {
            app: "pi",
            "batch.kubernetes.io/controller-uid": uid,
            "batch.kubernetes.io/job-name": "pi",
            "controller-uid": uid,
            "job-name": "pi",
          },
        },
      },
    });
    expect(object.status).toEqual({});
  });

  test("parallelism alone makes a work queue", () => {
    expect(job({ parallelism: 2 }).object.spec).not.toHaveProperty("completions");
  });

  test("a selector of the writer's own", () => {
    const selector = { matchLabels: { app: "pi" } };
    expect(job({ manualSelector: true, selector }).causes).toEqual([]);
    expect(job({ selector }).causes).toEqual([
      expect.stringMatching(/^spec\.selector: Invalid value: .*: `selector` not auto-generated$/),
    ]);
  });

  const withPolicy = (restartPolicy: string | null) => ({
    template: { spec: { ...template.spec, restartPolicy } },
  });
  test.each<[object, string]>([
    [{ parallelism: -1 }, "spec.parallelism: Invalid value: -1: must be greater than or equal"],
    [{ completions: -1 }, "spec.completions: Invalid value: -1"],
    [{ backoffLimit: -1 }, "spec.backoffLimit: Invalid value: -1"],
    [{ activeDeadlineSeconds: -1 }, "spec.activeDeadlineSeconds: Invalid value: -1"],
    [{ ttlSecondsAfterFinished: -1 }, "spec.ttlSecondsAfterFinished: Invalid value: -1"],
    [
      { completionMode: "Indexed", parallelism: 1 },
      "spec.completions: Required value: when completion mode is Indexed",
    ],
    [
      { completionMode: "All" },
      'spec.completionMode: Unsupported value: "All": supported values: "Indexed", "NonIndexed"',
    ],
    [
      withPolicy(null),
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
  ])("%j", (spec, text) => {
    const { causes } = job(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  const update = (old: Job, change: object) => {
    const manifest = { metadata: old.metadata, spec: { ...old.spec, ...change } };
    return updated(Kinds.Job, jobStrategy, { old, manifest }).causes;
  };

  test("what never changes", () => {
    const old = job().object;
    expect(update(old, { parallelism: 3, backoffLimit: 1, suspend: true })).toEqual([]);
    expect(update(old, { completions: 2 })).toEqual([
      "spec.completions: Invalid value: 2: field is immutable",
    ]);
    expect(update(old, { selector: { matchLabels: { a: "b" } } })).toHaveLength(2);
    const image = structuredClone(old.spec.template);
    image.spec.containers = [{ name: "pi", image: "pi:2" }];
    expect(update(old, { template: image })).toEqual([
      expect.stringMatching(/^spec\.template: Invalid value: .*: field is immutable$/),
    ]);
  });

  test("where pods go may change until the Job begins", () => {
    const old = job({ suspend: true }).object;
    const moved = structuredClone(old.spec.template);
    moved.spec.nodeSelector = { disk: "ssd" };
    expect(update(old, { template: moved })).toEqual([]);
    expect(
      update({ ...old, spec: { ...old.spec, suspend: false } }, { template: moved }),
    ).toHaveLength(1);
  });

  test("an Indexed Job that runs all indexes at once may grow", () => {
    const old = job({ completionMode: "Indexed", completions: 2, parallelism: 2 }).object;
    expect(update(old, { completions: 3, parallelism: 3 })).toEqual([]);
    expect(update(old, { completions: 3 })).toHaveLength(1);
  });
});

describe("CronJob", () => {
  const cron = (spec: object, name = "tick") =>
    created(Kinds.CronJob, cronJobStrategy, {
      metadata: { name },
      spec: { schedule: "*/5 * * * *", jobTemplate: { spec: { template } }, ...spec },
    });

  test("defaults", () => {
    const { object, causes } = cron({});
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
  });

  test.each<[object, string]>([
    [{ schedule: "" }, "spec.schedule: Required value"],
    [
      { schedule: "* * *" },
      'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
    ],
    [
      { schedule: "TZ=UTC 0 * * * *" },
      'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    [
      { timeZone: "Mars/North" },
      'spec.timeZone: Invalid value: "Mars/North": unknown time zone Mars/North',
    ],
    [
      { concurrencyPolicy: "Wait" },
      'spec.concurrencyPolicy: Unsupported value: "Wait": supported values: "Allow", "Forbid", "Replace"',
    ],
  ])("%j", (spec, text) => {
    expect(cron(spec).causes).toEqual([text]);
  });

  test("a long name leaves no room for the Jobs' names", () => {
    expect(cron({}, "x".repeat(53)).causes).toEqual([
      expect.stringContaining("must be no more than 52 characters"),
    ]);
  });
});
