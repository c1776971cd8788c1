/** Messages of batch/v1. See parseMessages for the notation. */
export const BATCH_MESSAGES = `
Job: 1 metadata ObjectMeta, 2 spec JobSpec, 3 status JobStatus
JobSpec: 1 parallelism* int, 2 completions* int, 3 activeDeadlineSeconds* int,
  4 selector LabelSelector, 5 manualSelector* bool, 6 template PodTemplateSpec,
  7 backoffLimit* int, 8 ttlSecondsAfterFinished* int, 9 completionMode*, 10 suspend* bool,
  11 podFailurePolicy PodFailurePolicy, 12 backoffLimitPerIndex* int, 13 maxFailedIndexes* int,
  14 podReplacementPolicy*, 15 managedBy*, 16 successPolicy SuccessPolicy
JobStatus: 1 conditions []JobCondition, 2 startTime time, 3 completionTime time, 4 active int,
  5 succeeded int, 6 failed int, 7 completedIndexes,
  8 uncountedTerminatedPods UncountedTerminatedPods, 9 ready* int, 10 failedIndexes*,
  11 terminating* int
JobCondition: 1 type, 2 status, 3 lastProbeTime time, 4 lastTransitionTime time, 5 reason,
  6 message
UncountedTerminatedPods: 1 succeeded []string, 2 failed []string
PodFailurePolicy: 1 rules []PodFailurePolicyRule
PodFailurePolicyRule: 1 action, 2 onExitCodes PodFailurePolicyOnExitCodesRequirement,
  3 onPodConditions []PodFailurePolicyOnPodConditionsPattern
PodFailurePolicyOnExitCodesRequirement: 1 containerName*, 2 operator, 3 values []int
PodFailurePolicyOnPodConditionsPattern: 1 type, 2 status
SuccessPolicy: 1 rules []SuccessPolicyRule
SuccessPolicyRule: 1 succeededIndexes*, 2 succeededCount* int
CronJob: 1 metadata ObjectMeta, 2 spec CronJobSpec, 3 status CronJobStatus
CronJobSpec: 1 schedule, 2 startingDeadlineSeconds* int, 3 concurrencyPolicy, 4 suspend* bool,
  5 jobTemplate JobTemplateSpec, 6 successfulJobsHistoryLimit* int,
  7 failedJobsHistoryLimit* int, 8 timeZone*
CronJobStatus: 1 active []ObjectReference, 4 lastScheduleTime time, 5 lastSuccessfulTime time
JobTemplateSpec: 1 metadata ObjectMeta, 2 spec JobSpec
`;
