import type { Job, JobSpec, JobStatus, Pod } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { newUid, podOf, type PodTraits, templateOf } from "../../testing/objects.ts";
import { announcedStatus, countedStatus, countPods } from "./counts.ts";
import { formatIndexes, INDEX_LABEL, parseIndexes } from "./indexes.ts";
import { type JobState, planJob, verdictOf } from "./plan.ts";
import { backoffLeft, podDraft, TRACKING_FINALIZER } from "./pods.ts";
import { decidedStatus } from "./status.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");

function jobOf(spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "pi", namespace: "default", uid: newUid() },
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, template: templateOf("one"), ...spec },
    status,
  };
}

function jobPod(traits: PodTraits & { index?: number; tracked?: boolean } = {}): Pod {
  const { index, tracked = true, ...rest } = traits;
  const pod = podOf({
    ...rest,
    ...(index !== undefined && { annotations: { [INDEX_LABEL]: String(index) } }),
  });
  if (tracked) pod.metadata.finalizers = [TRACKING_FINALIZER];
  return pod;
}

function stateOf(job: Job, pods: readonly Pod[]): JobState {
  return { job, pods, counts: countPods(job, pods), now: NOW };
}

function planOf(job: Job, pods: readonly Pod[]) {
  const state = stateOf(job, pods);
  const verdict = verdictOf(state);
  const plan = planJob(state, verdict);
  return { create: plan.create.length, delete: plan.delete.length, verdict: verdict?.reason };
}

const running = (): Pod => jobPod();
const failed = (traits: PodTraits = {}): Pod =>
  jobPod({ phase: "Failed", created: "2026-01-01T00:00:00Z", ...traits });
const done = (): Pod => jobPod({ phase: "Succeeded" });
const many = (count: number, make: () => Pod): Pod[] => Array.from({ length: count }, make);

describe("planJob", () => {
  it.each<[string, Partial<JobSpec>, Pod[], object]>([
    ["begins", { completions: 5, parallelism: 2 }, [], { create: 2 }],
    ["goes on", { completions: 5, parallelism: 2 }, [done(), running()], { create: 1 }],
    ["begins no more than are left", { completions: 2, parallelism: 2 }, [done(), running()], {}],
    ["ends", { completions: 2 }, many(2, done), { verdict: "CompletionsReached" }],
    ["ends at once without completions", { completions: 0 }, [], { verdict: "CompletionsReached" }],
    ["has fewer at a time", { completions: 5, parallelism: 1 }, many(3, running), { delete: 2 }],
    ["replaces what failed", {}, [failed()], { create: 1 }],
    [
      "gives up",
      { backoffLimit: 1 },
      [failed(), failed(), running()],
      { delete: 1, verdict: "BackoffLimitExceeded" },
    ],
    [
      "as a queue begins all",
      { completions: undefined, parallelism: 3 } as object,
      [],
      { create: 3 },
    ],
    [
      "as a queue begins none after a success",
      { completions: undefined, parallelism: 3 } as object,
      [done(), running()],
      {},
    ],
    [
      "as a queue ends with its last pod",
      { completions: undefined } as object,
      [done()],
      { verdict: "CompletionsReached" },
    ],
    [
      "that is suspended has no pods",
      { suspend: true, parallelism: 2 },
      [running()],
      { delete: 1 },
    ],
  ])("%s", (_what, spec, pods, expected) => {
    const job = jobOf(spec);
    expect(planOf(job, pods)).toEqual({ create: 0, delete: 0, verdict: undefined, ...expected });
  });

  it("waits after failures, longer each time", () => {
    const end = (secondsAgo: number): Pod =>
      failed({ created: new Date(NOW - secondsAgo * 1_000).toISOString() });
    expect(backoffLeft([end(3)], NOW)).toBe(7_000);
    expect(backoffLeft([end(3), end(30)], NOW)).toBe(17_000);
    expect(
      backoffLeft(
        many(20, () => end(3)),
        NOW,
      ),
    ).toBe(597_000);
    expect(backoffLeft([end(60)], NOW)).toBe(0);
    const state = stateOf(jobOf(), [end(3)]);
    expect(planJob(state, undefined)).toMatchObject({ create: [], againInMs: 7_000 });
  });

  it("ends when its time is up", () => {
    const startTime = "2026-01-01T23:59:50Z";
    const inTime = jobOf({ activeDeadlineSeconds: 15 }, { startTime });
    expect(planJob(stateOf(inTime, [running()]), undefined).againInMs).toBe(5_000);
    const late = jobOf({ activeDeadlineSeconds: 10 }, { startTime });
    expect(planOf(late, [running()])).toMatchObject({ delete: 1, verdict: "DeadlineExceeded" });
  });

  it("counts restarts of pods that restart themselves", () => {
    const template = templateOf("one");
    template.spec.restartPolicy = "OnFailure";
    const pod = running();
    pod.status = {
      ...pod.status,
      containerStatuses: [{ name: "main", ready: true, restartCount: 3 }] as never,
    };
    expect(planOf(jobOf({ template, backoffLimit: 3 }), [pod]).verdict).toBe(
      "BackoffLimitExceeded",
    );
    expect(planOf(jobOf({ template, backoffLimit: 4 }), [pod]).verdict).toBeUndefined();
  });

  it("gives each index one pod", () => {
    const spec = { completionMode: "Indexed" as const, completions: 5, parallelism: 3 };
    const job = jobOf(spec, { completedIndexes: "0" });
    const pods = [jobPod({ index: 1, phase: "Succeeded" }), jobPod({ index: 3 })];
    expect(planJob(stateOf(job, pods), undefined).create).toEqual([2, 4]);
    expect(
      planOf(jobOf(spec, { completedIndexes: "0-3" }), [jobPod({ index: 4, phase: "Succeeded" })])
        .verdict,
    ).toBe("CompletionsReached");
    const draft = podDraft(job, 2);
    expect(draft.metadata).toMatchObject({
      generateName: "pi-2-",
      annotations: { [INDEX_LABEL]: "2" },
      finalizers: [TRACKING_FINALIZER],
    });
    expect(draft.spec).toMatchObject({
      hostname: "pi-2",
      containers: [{ env: [{ name: "JOB_COMPLETION_INDEX" }] }],
    });
  });
});

describe("counting", () => {
  test("a pod counts once, however often it is looked at and whenever it goes", () => {
    const outcome = fc.constantFrom("Succeeded" as const, "Failed" as const);
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 8 }), fc.array(fc.nat(3)), (outcomes, steps) => {
        let job = jobOf({ completions: 100 });
        let pods = outcomes.map((phase) => jobPod({ phase }));
        const look = (): void => {
          const counts = countPods(job, pods);
          job = { ...job, status: announcedStatus(job, counts) };
        };
        const release = (): void => {
          // Only what the status tells of may go.
          const { succeeded = [], failed = [] } = job.status?.uncountedTerminatedPods ?? {};
          const told = new Set([...succeeded, ...failed]);
          pods = pods.filter(({ metadata }) => !told.has(metadata.uid ?? ""));
        };
        const settle = (): void => {
          const counts = countPods(job, pods);
          job = { ...job, status: countedStatus(job, counts, pods) };
        };
        for (const step of steps) [look, release, settle, look][step]?.();
        look();
        release();
        settle();
        const wanted = (phase: string): number => outcomes.filter((one) => one === phase).length;
        expect(job.status).toMatchObject({
          succeeded: wanted("Succeeded"),
          failed: wanted("Failed"),
          uncountedTerminatedPods: {},
        });
      }),
    );
  });

  test("a pod that is going counts as failed unless it may still end well", () => {
    const going = jobPod({ deleting: true });
    expect(countPods(jobOf(), [going])).toMatchObject({ failed: 1, terminating: 1 });
    const patient = jobOf({ podReplacementPolicy: "Failed", completions: 2, parallelism: 1 });
    expect(countPods(patient, [going]).failed).toBe(0);
    expect(planOf(patient, [going]).create).toBe(0);
  });
});

describe("the end", () => {
  const verdict = { type: "Complete", reason: "CompletionsReached", message: "" } as const;

  test("is told when the last pod has ended", () => {
    const job = jobOf({}, { startTime: "2026-01-01T00:00:00Z" });
    const typesOf = (pods: Pod[]): (string | undefined)[] => {
      const status = decidedStatus(stateOf(job, pods), job.status ?? {}, verdict);
      return [...(status.conditions ?? []).map(({ type }) => type), status.completionTime];
    };
    expect(typesOf([running()])).toEqual(["SuccessCriteriaMet", undefined]);
    expect(typesOf([])).toEqual(["SuccessCriteriaMet", "Complete", "2026-01-02T00:00:00Z"]);
  });

  test("once decided stays", () => {
    const conditions = [
      { type: "FailureTarget", status: "True", reason: "DeadlineExceeded" } as const,
    ];
    const job = jobOf({}, { conditions: [...conditions] });
    expect(verdictOf(stateOf(job, [done()]))).toMatchObject({
      type: "Failed",
      reason: "DeadlineExceeded",
    });
  });
});

describe("indexes", () => {
  it.each([
    ["", []],
    ["0", [0]],
    ["0,1", [0, 1]],
    ["0-2,4,6-8", [0, 1, 2, 4, 6, 7, 8]],
  ])("%j", (text, numbers) => {
    expect(formatIndexes(new Set(numbers))).toBe(text);
    expect([...parseIndexes(text, 100)]).toEqual(numbers);
  });

  test("nonsense and numbers beyond the end are left out", () => {
    expect([...parseIndexes("x,1-,3-999999999,-2", 5)]).toEqual([3, 4]);
    expect([...parseIndexes(undefined, 5)]).toEqual([]);
  });

  test("any set is read as it was written", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(200)), (numbers) => {
        const read = parseIndexes(formatIndexes(new Set(numbers)), 201);
        expect([...read]).toEqual(numbers.toSorted((a, b) => a - b));
      }),
    );
  });
});
