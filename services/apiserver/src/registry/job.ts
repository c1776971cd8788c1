import {
  invalidValue,
  Kinds,
  required,
  type Job,
  type JobSpec,
  type LabelSelector,
  notSupported,
  type StatusCause,
} from "@kubehop/api";
import { immutable, nonNegative, oneOf, requiredOneOf } from "./common-rules.ts";
import { isEmptySelector, labelSelectorCauses } from "./label-selector.ts";
import { createStrategy, type Strategy } from "./strategy.ts";
import { setTemplateDefaults, templateCauses } from "./workload-rules.ts";

const UID_LABEL = "batch.kubernetes.io/controller-uid";
const NAME_LABEL = "batch.kubernetes.io/job-name";
const OLD_UID_LABEL = "controller-uid";
const OLD_NAME_LABEL = "job-name";

const BACKOFF_LIMIT = 6;
const NO_LIMIT = 2_147_483_647;
const MAX_INDEXED_PARALLELISM = 100_000;
const NOT_GENERATED = "`selector` not auto-generated";

/** Fields of the spec that never change. */
const FIXED = [
  "completionMode",
  "podFailurePolicy",
  "successPolicy",
  "backoffLimitPerIndex",
  "managedBy",
] as const;

/** Job (pkg/apis/batch): the server makes the selector, so that no two Jobs share pods. */
export const jobStrategy: Strategy<Job> = createStrategy(Kinds.Job, {
  defaults: (job) => {
    job.spec ??= {} as JobSpec;
    setJobDefaults(job.spec);
    const { labels } = job.spec.template.metadata ?? {};
    if (labels === undefined || Object.keys(job.metadata.labels ?? {}).length > 0) return;
    job.metadata.labels = { ...labels };
  },
  prepareForCreate: (job) => {
    job.status = {};
    if (job.spec.manualSelector !== true) generateSelector(job);
  },
  validate: (job) => [...jobSpecCauses("spec", job.spec), ...selectorCauses(job)],
  validateUpdate: updateCauses,
});

/** Defaults of a Job's spec, also inside a CronJob. */
export function setJobDefaults(spec: JobSpec): void {
  setTemplateDefaults(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : NO_LIMIT;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??=
    spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
}

/** Rules of a Job's spec, also inside a CronJob. */
export function jobSpecCauses(field: string, spec: JobSpec): StatusCause[] {
  return [
    ...nonNegative(`${field}.parallelism`, spec.parallelism),
    ...nonNegative(`${field}.completions`, spec.completions),
    ...nonNegative(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...nonNegative(`${field}.backoffLimit`, spec.backoffLimit),
    ...nonNegative(`${field}.ttlSecondsAfterFinished`, spec.ttlSecondsAfterFinished),
    ...nonNegative(`${field}.backoffLimitPerIndex`, spec.backoffLimitPerIndex),
    ...nonNegative(`${field}.maxFailedIndexes`, spec.maxFailedIndexes),
    ...modeCauses(field, spec),
    ...oneOf(`${field}.podReplacementPolicy`, spec.podReplacementPolicy, [
      "Failed",
      "TerminatingOrFailed",
    ]),
    ...templateCauses(spec.template, `${field}.template`),
    ...restartPolicyCauses(`${field}.template.spec.restartPolicy`, spec),
  ];
}

function modeCauses(field: string, spec: JobSpec): StatusCause[] {
  const { completionMode: mode, completions, parallelism = 0 } = spec;
  const causes = requiredOneOf(`${field}.completionMode`, mode, ["Indexed", "NonIndexed"]);
  if (mode !== "Indexed") {
    const at = `${field}.backoffLimitPerIndex`;
    return spec.backoffLimitPerIndex === undefined
      ? causes
      : [
          ...causes,
          invalidValue(at, spec.backoffLimitPerIndex, "requires indexed completion mode"),
        ];
  }
  if (completions === undefined) {
    causes.push(required(`${field}.completions`, "when completion mode is Indexed"));
  }
  if (parallelism > MAX_INDEXED_PARALLELISM) {
    const why = `must be less than or equal to ${MAX_INDEXED_PARALLELISM} when completion mode is Indexed`;
    causes.push(invalidValue(`${field}.parallelism`, parallelism, why));
  }
  return causes;
}

function restartPolicyCauses(field: string, { template }: JobSpec): StatusCause[] {
  const { restartPolicy } = template.spec;
  if (restartPolicy === "Always") {
    return [required(field, 'valid values: "OnFailure", "Never"')];
  }
  if (restartPolicy === "OnFailure" || restartPolicy === "Never") return [];
  return [notSupported(field, restartPolicy, ["OnFailure", "Never"])];
}

/** Marks the pods as this Job's, by its uid (pkg/registry/batch/job generateSelector). */
function generateSelector(job: Job): void {
  const { template } = job.spec;
  const { name, uid = "" } = job.metadata;
  template.metadata ??= {};
  template.metadata.labels = {
    ...generatedLabels(name, uid),
    ...template.metadata.labels,
  };
  const { matchLabels, ...rest } = job.spec.selector ?? {};
  job.spec.selector = { ...rest, matchLabels: { [UID_LABEL]: uid, ...matchLabels } };
}

function generatedLabels(name: string, uid: string): Record<string, string> {
  return { [UID_LABEL]: uid, [OLD_UID_LABEL]: uid, [NAME_LABEL]: name, [OLD_NAME_LABEL]: name };
}

function selectorCauses({ metadata, spec }: Job): StatusCause[] {
  const field = "spec.selector";
  const { selector, manualSelector, template } = spec;
  if (selector === undefined) return [required(field)];
  const causes = labelSelectorCauses(field, selector);
  if (manualSelector === true) {
    return isEmptySelector(selector) ? [...causes, required(field)] : causes;
  }
  const { uid = "", name } = metadata;
  const labels = template.metadata?.labels ?? {};
  for (const [label, value] of Object.entries(generatedLabels(name, uid))) {
    if (labels[label] === value) continue;
    const at = `spec.template.metadata.labels[${label}]`;
    causes.push(invalidValue(at, labels, `must be '${value}'`));
  }
  if (!isGenerated(selector, uid)) causes.push(invalidValue(field, selector, NOT_GENERATED));
  return causes;
}

function isGenerated({ matchLabels = {}, matchExpressions }: LabelSelector, uid: string): boolean {
  return (
    matchExpressions === undefined &&
    Object.entries(matchLabels).every(
      ([label, value]) => [UID_LABEL, OLD_UID_LABEL].includes(label) && value === uid,
    )
  );
}

function updateCauses(next: Job, old: Job): StatusCause[] {
  return [
    ...completionsCauses(next.spec, old.spec),
    ...immutable("spec.selector", next.spec.selector, old.spec.selector),
    ...immutable("spec.template", fixedTemplate(next, old), fixedTemplate(old, old)),
    ...FIXED.flatMap((name) => immutable(`spec.${name}`, next.spec[name], old.spec[name])),
  ];
}

/** An Indexed Job may grow and shrink while it runs all its indexes at once (KEP-3715). */
function completionsCauses(next: JobSpec, old: JobSpec): StatusCause[] {
  if (next.completions === old.completions) return [];
  const isElastic =
    next.completionMode === "Indexed" &&
    next.completions === next.parallelism &&
    old.completions !== undefined;
  if (isElastic) return [];
  return immutable("spec.completions", next.completions, old.completions);
}

/** A Job that has not begun may still be told where its pods go (KEP-2926). */
function fixedTemplate({ spec }: Job, old: Job): object {
  const hasBegun = old.spec.suspend !== true || old.status?.startTime !== undefined;
  if (hasBegun) return spec.template;
  const {
    nodeSelector: _n,
    affinity: _a,
    tolerations: _t,
    schedulingGates: _g,
    ...rest
  } = spec.template.spec;
  return { spec: rest };
}
