import {
  forbiddenField,
  invalidValue,
  isDNS1123Label,
  Kinds,
  type StatefulSet,
  type StatefulSetUpdateStrategy,
  type StatusCause,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { nonNegative, requiredOneOf } from "./common-rules.ts";
import { intOrPercentCauses } from "./deployment.ts";
import { createStrategy, type Strategy } from "./strategy.ts";
import { setWorkloadDefaults, workloadCauses } from "./workload-rules.ts";

/** Fields of the spec that may change. */
const MUTABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

/** StatefulSet: nearly all of its spec is fixed (pkg/apis/apps/validation). */
export const statefulSetStrategy: Strategy<StatefulSet> = createStrategy(Kinds.StatefulSet, {
  validateName: isDNS1123Label,
  defaults: (statefulSet) => {
    statefulSet.spec ??= {} as StatefulSet["spec"];
    const { spec } = statefulSet;
    setWorkloadDefaults(spec);
    spec.podManagementPolicy ??= "OrderedReady";
    spec.updateStrategy = { type: "RollingUpdate", ...spec.updateStrategy };
    if (spec.updateStrategy.type === "RollingUpdate") {
      spec.updateStrategy.rollingUpdate = { partition: 0, ...spec.updateStrategy.rollingUpdate };
    }
    spec.revisionHistoryLimit ??= 10;
  },
  prepareForCreate: (statefulSet) => {
    statefulSet.status = { replicas: 0 };
  },
  validate: ({ spec }) => [
    ...policyCauses(spec.podManagementPolicy),
    ...updateStrategyCauses(spec.updateStrategy ?? {}),
    ...workloadCauses(spec, "statefulset"),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...nonNegative("spec.ordinals.start", spec.ordinals?.start),
  ],
  validateUpdate: (next, old) => {
    if (isDeepStrictEqual(fixedPart(next), fixedPart(old))) return [];
    const why =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', " +
      "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and " +
      "'minReadySeconds' are forbidden";
    return [forbiddenField("spec", why)];
  },
});

function fixedPart({ spec }: StatefulSet): object {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !MUTABLE.includes(name)));
}

function policyCauses(policy: string | undefined): StatusCause[] {
  if (policy === "OrderedReady" || policy === "Parallel") return [];
  const why = "must be 'OrderedReady' or 'Parallel'";
  return [invalidValue("spec.podManagementPolicy", policy, why)];
}

function updateStrategyCauses({ type, rollingUpdate }: StatefulSetUpdateStrategy): StatusCause[] {
  const field = "spec.updateStrategy";
  if (type === "OnDelete" && rollingUpdate !== undefined) {
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    return [invalidValue(`${field}.rollingUpdate`, rollingUpdate, why)];
  }
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  return [
    ...requiredOneOf(`${field}.type`, type, ["OnDelete", "RollingUpdate"]),
    ...nonNegative(`${field}.rollingUpdate.partition`, partition),
    ...intOrPercentCauses(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable, 100),
  ];
}
