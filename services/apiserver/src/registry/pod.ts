import {
  forbiddenField,
  Kinds,
  type Container,
  type Pod,
  type PodSpec,
  type PodStatus,
  type StatusCause,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { setPodAdmissionDefaults, setPodDefaults } from "./pod-defaults.ts";
import { podSpecCauses } from "./pod-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Pod: almost nothing of its spec can change (pkg/apis/core/validation ValidatePodUpdate). */
export const podStrategy: Strategy<Pod> = createStrategy(Kinds.Pod, {
  defaults: (pod) => {
    pod.spec ??= { containers: [] };
    setPodDefaults(pod.spec);
    setPodAdmissionDefaults(pod.spec);
  },
  prepareForCreate: (pod) => {
    pod.status = { phase: "Pending", qosClass: qosClass(pod.spec) };
  },
  validate: ({ spec }) => podSpecCauses("spec", spec),
  validateCreate: ({ spec }) =>
    (spec.ephemeralContainers ?? []).length === 0
      ? []
      : [forbiddenField("spec.ephemeralContainers", "cannot be set on create")],
  validateUpdate: specCauses,
});

const IMMUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`," +
  "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only " +
  "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set " +
  "to 1 if it was previously negative)";

function specCauses(next: Pod, old: Pod): StatusCause[] {
  const causes: StatusCause[] = [];
  const tolerations = next.spec.tolerations ?? [];
  const lost = (old.spec.tolerations ?? []).filter(
    (one) => !tolerations.some((other) => isDeepStrictEqual(one, other)),
  );
  if (lost.length > 0) {
    const why = "existing toleration can not be modified except its tolerationSeconds";
    causes.push(forbiddenField("spec.tolerations", why));
  }
  if (!isDeepStrictEqual(fixedPart(next.spec), fixedPart(old.spec))) {
    causes.push(forbiddenField("spec", IMMUTABLE));
  }
  return causes;
}

function fixedPart(spec: PodSpec): object {
  const { activeDeadlineSeconds: _, tolerations: _tolerations, ...fixed } = spec;
  const withoutImage = ({ image: _image, ...container }: Container): object => container;
  return {
    ...fixed,
    containers: spec.containers.map(withoutImage),
    initContainers: (spec.initContainers ?? []).map(withoutImage),
  };
}

const RESOURCES = ["cpu", "memory"];

/** Guaranteed when requests equal limits for all, BestEffort when there are none. */
function qosClass(spec: PodSpec): NonNullable<PodStatus["qosClass"]> {
  const all = [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources = {} }) => ({
    limits: resources.limits ?? {},
    requests: resources.requests ?? {},
  }));
  const none = all.every(({ limits, requests }) =>
    RESOURCES.every((name) => limits[name] === undefined && requests[name] === undefined),
  );
  if (none) return "BestEffort";
  const full = all.every(({ limits, requests }) =>
    RESOURCES.every((name) => limits[name] !== undefined && limits[name] === requests[name]),
  );
  return full ? "Guaranteed" : "Burstable";
}
