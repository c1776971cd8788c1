export { applyConfiguration, type Applied, type ApplyWrite } from "./apply/apply.ts";
export { configurationErrors } from "./apply/configuration-errors.ts";
export { fieldSetOf, type FieldSet } from "./apply/field-set.ts";
export { fieldTypeOf, type FieldType } from "./apply/field-type.ts";
export type { FieldManager } from "./apply/managers.ts";
export type { OwnershipRules } from "./apply/ownership.ts";
export { managedFieldsAfterUpdate, type UpdateWrite } from "./apply/update.ts";
export { PATCH_TYPES, applyPatch, type PatchRequest } from "./patch/index.ts";
export { decoderOf, type Decoder, type Trail } from "./schema-decoder.ts";
export { decodeObject, strictDecodingError, type Decodable, type Decoded } from "./decode.ts";
export type {
  ClosedEvent,
  ForwardedEvent,
  HopAddress,
  HopCandidate,
  HopEvent,
  HopOrigin,
  RejectReason,
  RejectedEvent,
  ResolvedEvent,
  SyncedEvent,
  TraceLease,
} from "./hop-event.ts";
export { TRACE_LEASE_SUBJECT, hopSubject } from "./hop-event.ts";
export { nextCronTime, parseCronSchedule, type CronSchedule } from "./cron-schedule.ts";
export { formatWeights, parseWeight, parseWeights } from "./weights.ts";
export {
  CONTROLLER_REVISION_HASH_LABEL,
  ENDPOINTSLICE_CONTROLLER,
  ENDPOINTSLICE_MANAGED_BY_LABEL,
  ENDPOINTSLICE_MIRRORING_CONTROLLER,
  HEADLESS_LABEL,
  HOSTNAME_LABEL,
  IP_ALLOCATOR,
  IP_FAMILY_LABEL,
  IP_MANAGED_BY_LABEL,
  LAST_CHANGE_TRIGGER_TIME_ANNOTATION,
  NAMESPACE_NAME_LABEL,
  NODE_LEASE_NAMESPACE,
  NOT_READY_TAINT,
  OVER_CAPACITY_ANNOTATION,
  POD_INDEX_LABEL,
  POD_TEMPLATE_HASH_LABEL,
  REGION_LABEL,
  REVISION_ANNOTATION,
  SERVICE_NAME_LABEL,
  SERVICE_PROXY_NAME_LABEL,
  SKIP_MIRROR_LABEL,
  STATEFULSET_POD_NAME_LABEL,
  SYSTEM_NAMESPACE,
  UNREACHABLE_TAINT,
  UNSCHEDULABLE_TAINT,
  WEIGHTS_ANNOTATION,
  WEIGHT_ANNOTATION,
  ZONE_LABEL,
} from "./constants.ts";
export {
  EVERYTHING,
  NOTHING,
  formatLabelSelector,
  labelSelectorMatches,
  selectorFromLabelSelector,
  selectorFromMap,
  type LabelOperator,
  type LabelRequirement,
  type Selector,
} from "./meta/label-selector.ts";
export { parseLabelSelector } from "./meta/label-selector-parser.ts";
export {
  fieldSelectorMatches,
  parseFieldSelector,
  type FieldRequirement,
  type FieldSelector,
} from "./meta/field-selector.ts";
export {
  isConfigMapKey,
  isDNS1035Label,
  isDNS1123Label,
  isDNS1123Subdomain,
  isEnvVarName,
  isQualifiedName,
  isValidLabelValue,
  isValidPortName,
  isValidPortNum,
} from "./meta/names.ts";
export { isQuantity, parseQuantity } from "./meta/quantity.ts";
export { controllerOf, isOwnedBy, ownerReferenceTo } from "./meta/owner.ts";
export {
  namespacedName,
  parseRegistryKey,
  registryKey,
  registryPrefix,
  type ObjectRef,
} from "./meta/registry-key.ts";
export { ObjectMetaSchema } from "./meta/object-meta.ts";
export type {
  Draft,
  KubeObject,
  ManagedFieldsEntry,
  ObjectMeta,
  OwnerReference,
} from "./meta/object-meta.ts";
export type {
  Condition,
  ConditionStatus,
  LabelSelector,
  LabelSelectorRequirement,
} from "./meta/condition.ts";
export type {
  CauseReason,
  Status,
  StatusCause,
  StatusDetails,
  StatusReason,
} from "./status/reasons.ts";
export {
  StatusError,
  alreadyExists,
  badRequest,
  conflict,
  expired,
  forbidden,
  internalError,
  invalid,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  methodNotAllowed,
  notAcceptable,
  notFound,
  reasonOf,
  requestEntityTooLarge,
  resourceNotFound,
  resourceVersionTooLarge,
  serviceUnavailable,
  statusError,
  tooManyRequests,
  unauthorized,
  unsupportedMediaType,
  type KindName,
} from "./status/status-error.ts";
export {
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  valueNotFound,
} from "./status/field-errors.ts";
export type { FreeForm, SchemaOf } from "./schema.ts";
export { Kinds, kindByPlural, kindOf, type KindTypes } from "./kinds/index.ts";
export { apiVersionOf, type Conversion, type Kind } from "./kinds/kind.ts";
export { OtherVersions } from "./kinds/other-versions.ts";
export {
  BodyKinds,
  type Binding,
  type BodyKind,
  type DeleteOptions,
  type Eviction,
  type Scale,
  type TokenRequest,
} from "./kinds/bodies.ts";
export type { ConfigMap } from "./kinds/config-map.ts";
export type { ControllerRevision } from "./kinds/controller-revision.ts";
export type { CronJob, CronJobSpec, CronJobStatus, JobTemplateSpec } from "./kinds/cron-job.ts";
export type {
  DaemonSet,
  DaemonSetSpec,
  DaemonSetStatus,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from "./kinds/daemon-set.ts";
export type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from "./kinds/custom-resource-definition.ts";
export type { JSONSchemaProps, ValidationRule } from "./kinds/json-schema-props.ts";
export type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PullPolicy,
  ResourceRequirements,
  VolumeMount,
} from "./kinds/container.ts";
export type {
  Deployment,
  DeploymentSpec,
  DeploymentStatus,
  DeploymentStrategy,
  RollingUpdateDeployment,
} from "./kinds/deployment.ts";
export type {
  AddressType,
  Endpoint,
  EndpointConditions,
  EndpointHints,
  EndpointPort,
  EndpointSlice,
} from "./kinds/endpoint-slice.ts";
export type {
  EndpointAddress,
  EndpointSubset,
  Endpoints,
  EndpointsPort,
} from "./kinds/endpoints.ts";
export type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  KeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from "./kinds/env.ts";
export type { Event, EventSeries, EventSource } from "./kinds/event.ts";
export type {
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
} from "./kinds/horizontal-pod-autoscaler.ts";
export type { IngressClass, IngressClassParametersReference } from "./kinds/ingress-class.ts";
export type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressSpec,
  IngressStatus,
  IngressTLS,
  ServiceBackendPort,
} from "./kinds/ingress.ts";
export type { IPAddress, IPAddressSpec, ParentReference } from "./kinds/ip-address.ts";
export type { Job, JobSpec, JobStatus, UncountedTerminatedPods } from "./kinds/job.ts";
export type {
  CrossVersionObjectReference,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from "./kinds/metric.ts";
export type { Lease, LeaseSpec } from "./kinds/lease.ts";
export type { Namespace, NamespaceSpec, NamespaceStatus } from "./kinds/namespace.ts";
export type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from "./kinds/network-policy.ts";
export type {
  Node,
  NodeAddress,
  NodeSpec,
  NodeStatus,
  NodeSystemInfo,
  Taint,
  TaintEffect,
} from "./kinds/node.ts";
export type {
  LocalObjectReference,
  ObjectReference,
  TypedLocalObjectReference,
} from "./kinds/object-reference.ts";
export type {
  PodDisruptionBudget,
  PodDisruptionBudgetSpec,
  PodDisruptionBudgetStatus,
} from "./kinds/pod-disruption-budget.ts";
export type {
  DNSPolicy,
  HostAlias,
  PodDNSConfig,
  PodReadinessGate,
  PodSpec,
  PodTemplateSpec,
  RestartPolicy,
  Toleration,
  TopologySpreadConstraint,
} from "./kinds/pod-spec.ts";
export type {
  ContainerState,
  ContainerStateRunning,
  ContainerStateTerminated,
  ContainerStateWaiting,
  ContainerStatus,
  HostIP,
  PodIP,
  PodPhase,
  PodStatus,
} from "./kinds/pod-status.ts";
export type { Pod } from "./kinds/pod.ts";
export type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  HTTPHeader,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ProbeHandler,
  TCPSocketAction,
} from "./kinds/probe.ts";
export type {
  AggregationRule,
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from "./kinds/rbac.ts";
export type { ReplicaSet, ReplicaSetSpec, ReplicaSetStatus } from "./kinds/replica-set.ts";
export type {
  ReplicationController,
  ReplicationControllerSpec,
} from "./kinds/replication-controller.ts";
export type { Secret } from "./kinds/secret.ts";
export type { ServiceAccount } from "./kinds/service-account.ts";
export type { ServiceCIDR, ServiceCIDRSpec, ServiceCIDRStatus } from "./kinds/service-cidr.ts";
export type {
  ClientIPConfig,
  IPFamily,
  IPFamilyPolicy,
  LoadBalancerIngress,
  LoadBalancerStatus,
  Protocol,
  Service,
  ServicePort,
  ServiceSpec,
  ServiceStatus,
  ServiceType,
  SessionAffinity,
  SessionAffinityConfig,
  TrafficPolicy,
} from "./kinds/service.ts";
export type {
  StatefulSet,
  StatefulSetOrdinals,
  StatefulSetSpec,
  StatefulSetStatus,
  StatefulSetUpdateStrategy,
} from "./kinds/stateful-set.ts";
export type {
  ConfigMapVolumeSource,
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  EmptyDirVolumeSource,
  HostPathVolumeSource,
  KeyToPath,
  ProjectedObject,
  ProjectedVolumeSource,
  SecretVolumeSource,
  ServiceAccountTokenProjection,
  Volume,
  VolumeProjection,
  VolumeSource,
} from "./kinds/volume.ts";
