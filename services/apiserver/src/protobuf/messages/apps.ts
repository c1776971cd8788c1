/** Messages of apps/v1, of ReplicationController, and of what their subresources take. See parseMessages for the notation. */
export const APPS_MESSAGES = `
Deployment: 1 metadata ObjectMeta, 2 spec DeploymentSpec, 3 status DeploymentStatus
DeploymentSpec: 1 replicas* int, 2 selector LabelSelector, 3 template PodTemplateSpec,
  4 strategy DeploymentStrategy, 5 minReadySeconds int, 6 revisionHistoryLimit* int,
  7 paused bool, 9 progressDeadlineSeconds* int
PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
DeploymentStrategy: 1 type, 2 rollingUpdate RollingUpdateDeployment
RollingUpdateDeployment: 1 maxUnavailable* intOrString, 2 maxSurge* intOrString
DeploymentStatus: 1 observedGeneration int, 2 replicas int, 3 updatedReplicas int,
  4 availableReplicas int, 5 unavailableReplicas int, 6 conditions []DeploymentCondition,
  7 readyReplicas int, 8 collisionCount* int, 9 terminatingReplicas* int
DeploymentCondition: 1 type, 2 status, 4 reason, 5 message, 6 lastUpdateTime time,
  7 lastTransitionTime time
ReplicaSet: 1 metadata ObjectMeta, 2 spec ReplicaSetSpec, 3 status ReplicaSetStatus
ReplicaSetSpec: 1 replicas* int, 2 selector LabelSelector, 3 template PodTemplateSpec,
  4 minReadySeconds int
ReplicaSetStatus: 1 replicas int, 2 fullyLabeledReplicas int, 3 observedGeneration int,
  4 readyReplicas int, 5 availableReplicas int, 6 conditions []ReplicaSetCondition,
  7 terminatingReplicas* int
ReplicaSetCondition: 1 type, 2 status, 3 lastTransitionTime time, 4 reason, 5 message
StatefulSet: 1 metadata ObjectMeta, 2 spec StatefulSetSpec, 3 status StatefulSetStatus
StatefulSetSpec: 1 replicas* int, 2 selector LabelSelector, 3 template PodTemplateSpec,
  4 volumeClaimTemplates []PersistentVolumeClaim, 5 serviceName, 6 podManagementPolicy,
  7 updateStrategy StatefulSetUpdateStrategy, 8 revisionHistoryLimit* int, 9 minReadySeconds int,
  10 persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy,
  11 ordinals StatefulSetOrdinals
PersistentVolumeClaim: 1 metadata ObjectMeta, 2 spec PersistentVolumeClaimSpec,
  3 status PersistentVolumeClaimStatus
PersistentVolumeClaimStatus: 1 phase, 2 accessModes []string, 3 capacity {}quantity,
  4 conditions []PersistentVolumeClaimCondition, 5 allocatedResources {}quantity,
  7 allocatedResourceStatuses {}string, 8 currentVolumeAttributesClassName*,
  9 modifyVolumeStatus ModifyVolumeStatus, 10 healthStatus VolumeHealthStatus
PersistentVolumeClaimCondition: 1 type, 2 status, 3 lastProbeTime time, 4 lastTransitionTime time,
  5 reason, 6 message
ModifyVolumeStatus: 1 targetVolumeAttributesClassName, 2 status
VolumeHealthStatus: 1 healthConditions []VolumeHealthCondition, 2 lastTransitionTime time
VolumeHealthCondition: 1 status, 2 reason, 3 message
StatefulSetUpdateStrategy: 1 type, 2 rollingUpdate RollingUpdateStatefulSetStrategy
RollingUpdateStatefulSetStrategy: 1 partition* int, 2 maxUnavailable* intOrString
StatefulSetPersistentVolumeClaimRetentionPolicy: 1 whenDeleted, 2 whenScaled
StatefulSetOrdinals: 1 start int
StatefulSetStatus: 1 observedGeneration int, 2 replicas int, 3 readyReplicas int,
  4 currentReplicas int, 5 updatedReplicas int, 6 currentRevision, 7 updateRevision,
  9 collisionCount* int, 10 conditions []StatefulSetCondition, 11 availableReplicas int
StatefulSetCondition: 1 type, 2 status, 3 lastTransitionTime time, 4 reason, 5 message
DaemonSet: 1 metadata ObjectMeta, 2 spec DaemonSetSpec, 3 status DaemonSetStatus
DaemonSetSpec: 1 selector LabelSelector, 2 template PodTemplateSpec,
  3 updateStrategy DaemonSetUpdateStrategy, 4 minReadySeconds int, 6 revisionHistoryLimit* int
DaemonSetUpdateStrategy: 1 type, 2 rollingUpdate RollingUpdateDaemonSet
RollingUpdateDaemonSet: 1 maxUnavailable* intOrString, 2 maxSurge* intOrString
DaemonSetStatus: 1 currentNumberScheduled int, 2 numberMisscheduled int,
  3 desiredNumberScheduled int, 4 numberReady int, 5 observedGeneration int,
  6 updatedNumberScheduled int, 7 numberAvailable int, 8 numberUnavailable int,
  9 collisionCount* int, 10 conditions []DaemonSetCondition
DaemonSetCondition: 1 type, 2 status, 3 lastTransitionTime time, 4 reason, 5 message
ReplicationController: 1 metadata ObjectMeta, 2 spec ReplicationControllerSpec,
  3 status ReplicationControllerStatus
ReplicationControllerSpec: 1 replicas* int, 2 selector {}string, 3 template PodTemplateSpec,
  4 minReadySeconds int
ReplicationControllerStatus: 1 replicas int, 2 fullyLabeledReplicas int, 3 observedGeneration int,
  4 readyReplicas int, 5 availableReplicas int, 6 conditions []ReplicationControllerCondition
ReplicationControllerCondition: 1 type, 2 status, 3 lastTransitionTime time, 4 reason, 5 message
Scale: 1 metadata ObjectMeta, 2 spec ScaleSpec, 3 status ScaleStatus
ScaleSpec: 1 replicas int
ScaleStatus: 1 replicas int, 2 selector
Eviction: 1 metadata ObjectMeta, 2 deleteOptions DeleteOptions
`;
