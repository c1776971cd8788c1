import { int64, list, map, object, text, time, type SchemaOf } from "../schema.ts";

/** True, False or Unknown. */
export type ConditionStatus = "True" | "False" | "Unknown";

/** One aspect of an object's state (Pod, Node, Deployment, ServiceCIDR …). */
export interface Condition {
  type: string;
  status: ConditionStatus;
  observedGeneration?: number;
  lastProbeTime?: string;
  lastHeartbeatTime?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

/** Selects objects by label: every given part must hold; an empty selector selects all. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}

/** One condition on one label. */
export interface LabelSelectorRequirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}

/** Schema of Condition; lists of them merge by type. */
export const ConditionSchema: SchemaOf<Condition> = object<Condition>(
  "Condition",
  "One aspect of the state of an object.",
  {
    type: text("Which aspect."),
    status: text("True, False or Unknown."),
    observedGeneration: int64("The generation the condition was computed from."),
    lastProbeTime: time("When it was last probed."),
    lastHeartbeatTime: time("When it was last reported."),
    lastUpdateTime: time("When it was last written."),
    lastTransitionTime: time("When the status last changed."),
    reason: text("One word for the last change."),
    message: text("A sentence about the last change."),
  },
  ["type", "status"],
);

/** The list `status.conditions`, as every kind has it. */
export const ConditionsSchema: SchemaOf<Condition[]> = list(
  ConditionSchema,
  "What is known about the state of the object.",
  { mergeKey: "type", patchStrategy: "merge", listType: "map", mapKeys: ["type"] },
);

const LabelSelectorRequirementSchema: SchemaOf<LabelSelectorRequirement> =
  object<LabelSelectorRequirement>(
    "LabelSelectorRequirement",
    "A condition on one label.",
    {
      key: text("The label."),
      operator: text("In, NotIn, Exists or DoesNotExist."),
      values: list(text(""), "For In and NotIn.", { listType: "atomic" }),
    },
    ["key", "operator"],
  );

/** Schema of LabelSelector. */
export const LabelSelectorSchema: SchemaOf<LabelSelector> = object<LabelSelector>(
  "LabelSelector",
  "Selects objects by their labels.",
  {
    matchLabels: map(text(""), "Labels that must be equal."),
    matchExpressions: list(LabelSelectorRequirementSchema, "Conditions that must all hold.", {
      listType: "atomic",
    }),
  },
);
