/** Messages of meta/v1. See parseMessages for the notation. */
export const META_MESSAGES = `
ObjectMeta: 1 name, 2 generateName, 3 namespace, 4 selfLink, 5 uid, 6 resourceVersion,
  7 generation int, 8 creationTimestamp time, 9 deletionTimestamp time,
  10 deletionGracePeriodSeconds* int, 11 labels {}string, 12 annotations {}string,
  13 ownerReferences []OwnerReference, 14 finalizers []string
OwnerReference: 1 kind, 3 name, 4 uid, 5 apiVersion, 6 controller* bool,
  7 blockOwnerDeletion* bool
Condition: 1 type, 2 status, 3 observedGeneration int, 4 lastTransitionTime time, 5 reason,
  6 message
LabelSelector: 1 matchLabels {}string, 2 matchExpressions []LabelSelectorRequirement
LabelSelectorRequirement: 1 key, 2 operator, 3 values []string
DeleteOptions: 1 gracePeriodSeconds* int, 2 preconditions Preconditions, 3 orphanDependents* bool,
  4 propagationPolicy*, 5 dryRun []string
Preconditions: 1 uid*, 2 resourceVersion*
FieldSelectorRequirement: 1 key, 2 operator, 3 values []string
`;
