/** Messages of autoscaling/v2, and of v1 under names of their own. See parseMessages for the notation. */
export const AUTOSCALING_MESSAGES = `
HorizontalPodAutoscalerV1: 1 metadata ObjectMeta, 2 spec HorizontalPodAutoscalerV1Spec,
  3 status HorizontalPodAutoscalerV1Status
HorizontalPodAutoscalerV1Spec: 1 scaleTargetRef CrossVersionObjectReference, 2 minReplicas* int,
  3 maxReplicas int, 4 targetCPUUtilizationPercentage* int
HorizontalPodAutoscalerV1Status: 1 observedGeneration* int, 2 lastScaleTime time,
  3 currentReplicas int, 4 desiredReplicas int, 5 currentCPUUtilizationPercentage* int
CrossVersionObjectReference: 1 kind, 2 name, 3 apiVersion
HorizontalPodAutoscaler: 1 metadata ObjectMeta, 2 spec HorizontalPodAutoscalerSpec,
  3 status HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: 1 scaleTargetRef CrossVersionObjectReference, 2 minReplicas* int,
  3 maxReplicas int, 4 metrics []MetricSpec, 5 behavior HorizontalPodAutoscalerBehavior
HorizontalPodAutoscalerStatus: 1 observedGeneration* int, 2 lastScaleTime time,
  3 currentReplicas int, 4 desiredReplicas int, 5 currentMetrics []MetricStatus,
  6 conditions []HorizontalPodAutoscalerCondition
HorizontalPodAutoscalerCondition: 1 type, 2 status, 3 lastTransitionTime time, 4 reason,
  5 message, 6 observedGeneration int
HorizontalPodAutoscalerBehavior: 1 scaleUp HPAScalingRules, 2 scaleDown HPAScalingRules
HPAScalingRules: 1 selectPolicy*, 2 policies []HPAScalingPolicy,
  3 stabilizationWindowSeconds* int, 4 tolerance* quantity
HPAScalingPolicy: 1 type, 2 value int, 3 periodSeconds int
MetricSpec: 1 type, 2 object ObjectMetricSource, 3 pods PodsMetricSource,
  4 resource ResourceMetricSource, 5 external ExternalMetricSource,
  7 containerResource ContainerResourceMetricSource
ObjectMetricSource: 1 describedObject CrossVersionObjectReference, 2 target MetricTarget,
  3 metric MetricIdentifier
PodsMetricSource: 1 metric MetricIdentifier, 2 target MetricTarget
ResourceMetricSource: 1 name, 2 target MetricTarget
ContainerResourceMetricSource: 1 name, 2 target MetricTarget, 3 container
ExternalMetricSource: 1 metric MetricIdentifier, 2 target MetricTarget
MetricIdentifier: 1 name, 2 selector LabelSelector
MetricTarget: 1 type, 2 value* quantity, 3 averageValue* quantity, 4 averageUtilization* int
MetricStatus: 1 type, 2 object ObjectMetricStatus, 3 pods PodsMetricStatus,
  4 resource ResourceMetricStatus, 5 external ExternalMetricStatus,
  7 containerResource ContainerResourceMetricStatus
ObjectMetricStatus: 1 metric MetricIdentifier, 2 current MetricValueStatus,
  3 describedObject CrossVersionObjectReference
PodsMetricStatus: 1 metric MetricIdentifier, 2 current MetricValueStatus
ResourceMetricStatus: 1 name, 2 current MetricValueStatus
ContainerResourceMetricStatus: 1 name, 2 current MetricValueStatus, 3 container
ExternalMetricStatus: 1 metric MetricIdentifier, 2 current MetricValueStatus
MetricValueStatus: 1 value* quantity, 2 averageValue* quantity, 3 averageUtilization* int
`;
