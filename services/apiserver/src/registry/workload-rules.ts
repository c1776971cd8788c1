import {
  forbiddenField,
  invalidValue,
  labelSelectorMatches,
  required,
  selectorFromLabelSelector,
  type LabelSelector,
  type PodTemplateSpec,
  type StatusCause,
} from "@kubehop/api";
import { nonNegative, oneOf } from "./common-rules.ts";
import { isEmptySelector, labelSelectorCauses } from "./label-selector.ts";
import { annotationCauses, labelCauses } from "./object-meta.ts";
import { setPodDefaults } from "./pod-defaults.ts";
import { podSpecCauses } from "./pod-rules.ts";

const NO_EPHEMERAL_CONTAINERS = "ephemeral containers not allowed in pod template";

/** What the workloads whose pods run for ever have in common. */
interface WorkloadSpec {
  replicas?: number;
  minReadySeconds?: number;
  selector: LabelSelector;
  template: PodTemplateSpec;
}

/** Defaults of the common part: one replica, the defaults of pods. */
export function setWorkloadDefaults(spec: Pick<WorkloadSpec, "replicas" | "template">): void {
  spec.replicas ??= 1;
  setTemplateDefaults(spec);
}

/** Defaults of a template: those of pods. */
export function setTemplateDefaults(spec: Pick<WorkloadSpec, "template">): void {
  spec.template ??= { spec: { containers: [] } };
  spec.template.metadata ??= {};
  spec.template.spec ??= { containers: [] };
  setPodDefaults(spec.template.spec);
}

/** Rules of the common part: a selector that is not empty and selects the template's pods. */
export function workloadCauses(spec: WorkloadSpec, workload: string): StatusCause[] {
  return [
    ...nonNegative("spec.replicas", spec.replicas),
    ...nonNegative("spec.minReadySeconds", spec.minReadySeconds),
    ...selectorCauses(spec, workload),
    ...templateCauses(spec.template),
    ...(["OnFailure", "Never"].includes(spec.template.spec.restartPolicy ?? "")
      ? oneOf("spec.template.spec.restartPolicy", spec.template.spec.restartPolicy, ["Always"])
      : []),
  ];
}

function selectorCauses({ selector, template }: WorkloadSpec, workload: string): StatusCause[] {
  const field = "spec.selector";
  if (selector === undefined) return [required(field)];
  const causes = labelSelectorCauses(field, selector);
  if (causes.length > 0) return causes;
  if (isEmptySelector(selector)) {
    return [invalidValue(field, selector, `empty selector is invalid for ${workload}`)];
  }
  const labels = template.metadata?.labels ?? {};
  if (labelSelectorMatches(selectorFromLabelSelector(selector), labels)) return [];
  const why = "`selector` does not match template `labels`";
  return [invalidValue("spec.template.metadata.labels", labels, why)];
}

/** Rules of a template: labels, annotations and those of pods. */
export function templateCauses(
  { metadata, spec }: PodTemplateSpec,
  field: string = "spec.template",
): StatusCause[] {
  return [
    ...labelCauses(`${field}.metadata.labels`, metadata?.labels),
    ...annotationCauses(`${field}.metadata.annotations`, metadata?.annotations),
    ...podSpecCauses(`${field}.spec`, spec),
    ...((spec.ephemeralContainers ?? []).length === 0
      ? []
      : [forbiddenField(`${field}.spec.ephemeralContainers`, NO_EPHEMERAL_CONTAINERS)]),
  ];
}
