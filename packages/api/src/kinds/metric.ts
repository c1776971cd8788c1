import { LabelSelectorSchema, type LabelSelector } from "../meta/condition.ts";
import { int32, object, quantity, text, type SchemaOf } from "../schema.ts";

/** The object a HorizontalPodAutoscaler scales, or one that a metric describes. */
export interface CrossVersionObjectReference {
  kind: string;
  name: string;
  apiVersion?: string;
}

/** What an autoscaler looks at; `type` says which of the other fields is set. */
export interface MetricSpec {
  type: string;
  object?: ObjectMetricSource;
  pods?: PodsMetricSource;
  resource?: ResourceMetricSource;
  containerResource?: ContainerResourceMetricSource;
  external?: ExternalMetricSource;
}

/** A metric of one object. */
export interface ObjectMetricSource {
  describedObject: CrossVersionObjectReference;
  target: MetricTarget;
  metric: MetricIdentifier;
}

/** A metric of each pod. */
export interface PodsMetricSource {
  metric: MetricIdentifier;
  target: MetricTarget;
}

/** A resource of the pods: cpu or memory. */
export interface ResourceMetricSource {
  name: string;
  target: MetricTarget;
}

/** A resource of one container of the pods. */
export interface ContainerResourceMetricSource {
  name: string;
  target: MetricTarget;
  container: string;
}

/** A metric from outside the cluster. */
export interface ExternalMetricSource {
  metric: MetricIdentifier;
  target: MetricTarget;
}

/** Name of a metric, and which of its series. */
export interface MetricIdentifier {
  name: string;
  selector?: LabelSelector;
}

/** The value an autoscaler aims at. */
export interface MetricTarget {
  type: string;
  value?: string;
  averageValue?: string;
  averageUtilization?: number;
}

/** What an autoscaler saw. */
export interface MetricStatus {
  type: string;
  object?: ObjectMetricStatus;
  pods?: PodsMetricStatus;
  resource?: ResourceMetricStatus;
  containerResource?: ContainerResourceMetricStatus;
  external?: PodsMetricStatus;
}

/** The metric of one object, as seen. */
export interface ObjectMetricStatus {
  metric: MetricIdentifier;
  current: MetricValueStatus;
  describedObject: CrossVersionObjectReference;
}

/** A metric, as seen. */
export interface PodsMetricStatus {
  metric: MetricIdentifier;
  current: MetricValueStatus;
}

/** A resource of the pods, as seen. */
export interface ResourceMetricStatus {
  name: string;
  current: MetricValueStatus;
}

/** A resource of one container, as seen. */
export interface ContainerResourceMetricStatus {
  name: string;
  current: MetricValueStatus;
  container: string;
}

/** A value, as seen. */
export interface MetricValueStatus {
  value?: string;
  averageValue?: string;
  averageUtilization?: number;
}

/** Schema of CrossVersionObjectReference. */
export const CrossVersionObjectReferenceSchema: SchemaOf<CrossVersionObjectReference> =
  object<CrossVersionObjectReference>(
    "CrossVersionObjectReference",
    "Points to an object.",
    { kind: text("Its kind."), name: text("Its name."), apiVersion: text("Its API version.") },
    ["kind", "name"],
  );

const MetricIdentifierSchema: SchemaOf<MetricIdentifier> = object<MetricIdentifier>(
  "MetricIdentifier",
  "Which metric.",
  { name: text("Its name."), selector: LabelSelectorSchema },
  ["name"],
);

const MetricTargetSchema: SchemaOf<MetricTarget> = object<MetricTarget>(
  "MetricTarget",
  "The value to aim at.",
  {
    type: text("Utilization, Value or AverageValue."),
    value: quantity("The value."),
    averageValue: quantity("The value divided by the number of pods."),
    averageUtilization: int32("Percent of what the pods request."),
  },
  ["type"],
);

const MetricValueStatusSchema: SchemaOf<MetricValueStatus> = object<MetricValueStatus>(
  "MetricValueStatus",
  "The value seen.",
  {
    value: quantity("The value."),
    averageValue: quantity("The value divided by the number of pods."),
    averageUtilization: int32("Percent of what the pods request."),
  },
);

const resourceName: SchemaOf<string> = text("The resource: cpu or memory.");
const container: SchemaOf<string> = text("The container.");

/** Schema of MetricSpec. */
export const MetricSpecSchema: SchemaOf<MetricSpec> = object<MetricSpec>(
  "MetricSpec",
  "What to look at.",
  {
    type: text("Object, Pods, Resource, ContainerResource or External."),
    object: object<ObjectMetricSource>("ObjectMetricSource", "A metric of one object.", {
      describedObject: CrossVersionObjectReferenceSchema,
      target: MetricTargetSchema,
      metric: MetricIdentifierSchema,
    }),
    pods: object<PodsMetricSource>("PodsMetricSource", "A metric of each pod.", {
      metric: MetricIdentifierSchema,
      target: MetricTargetSchema,
    }),
    resource: object<ResourceMetricSource>("ResourceMetricSource", "A resource of the pods.", {
      name: resourceName,
      target: MetricTargetSchema,
    }),
    containerResource: object<ContainerResourceMetricSource>(
      "ContainerResourceMetricSource",
      "A resource of one container.",
      { name: resourceName, target: MetricTargetSchema, container },
    ),
    external: object<ExternalMetricSource>("ExternalMetricSource", "A metric from outside.", {
      metric: MetricIdentifierSchema,
      target: MetricTargetSchema,
    }),
  },
  ["type"],
);

/** Schema of MetricStatus. */
export const MetricStatusSchema: SchemaOf<MetricStatus> = object<MetricStatus>(
  "MetricStatus",
  "What was seen.",
  {
    type: text("Object, Pods, Resource, ContainerResource or External."),
    object: object<ObjectMetricStatus>("ObjectMetricStatus", "A metric of one object.", {
      metric: MetricIdentifierSchema,
      current: MetricValueStatusSchema,
      describedObject: CrossVersionObjectReferenceSchema,
    }),
    pods: object<PodsMetricStatus>("PodsMetricStatus", "A metric of each pod.", {
      metric: MetricIdentifierSchema,
      current: MetricValueStatusSchema,
    }),
    resource: object<ResourceMetricStatus>("ResourceMetricStatus", "A resource of the pods.", {
      name: resourceName,
      current: MetricValueStatusSchema,
    }),
    containerResource: object<ContainerResourceMetricStatus>(
      "ContainerResourceMetricStatus",
      "A resource of one container.",
      { name: resourceName, current: MetricValueStatusSchema, container },
    ),
    external: object<PodsMetricStatus>("ExternalMetricStatus", "A metric from outside.", {
      metric: MetricIdentifierSchema,
      current: MetricValueStatusSchema,
    }),
  },
  ["type"],
);
