/** Pod annotation: share of new connections, an integer ≥ 0 (default 1; 0 gets none). */
export const WEIGHT_ANNOTATION = "kubehop.dev/weight";
/** EndpointSlice annotation: JSON object address → weight, only those that are not 1. */
export const WEIGHTS_ANNOTATION = "kubehop.dev/weights";

/** Label of an EndpointSlice: the Service it belongs to. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
/** Label of an EndpointSlice: the controller that writes it. */
export const ENDPOINTSLICE_MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
/** Value of that label for slices the EndpointSlice controller writes. */
export const ENDPOINTSLICE_CONTROLLER = "endpointslice-controller.k8s.io";
/** Value of that label for slices mirrored from Endpoints. */
export const ENDPOINTSLICE_MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io";
/** Label of an Endpoints object that must not be mirrored. */
export const SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror";
/** Label of slices and Endpoints whose Service has no cluster IP. */
export const HEADLESS_LABEL = "service.kubernetes.io/headless";
/** Label of a Service that another proxy serves; kube-proxy leaves it alone. */
export const SERVICE_PROXY_NAME_LABEL = "service.kubernetes.io/service-proxy-name";
/** Annotation of Endpoints: time of the change that triggered the write. */
export const LAST_CHANGE_TRIGGER_TIME_ANNOTATION =
  "endpoints.kubernetes.io/last-change-trigger-time";
/** Annotation of Endpoints that were cut to 1000 addresses. */
export const OVER_CAPACITY_ANNOTATION = "endpoints.kubernetes.io/over-capacity";

/** Label of a ReplicaSet and its pods: hash of the Deployment's pod template. */
export const POD_TEMPLATE_HASH_LABEL = "pod-template-hash";
/** Annotation of a Deployment and its ReplicaSets: number of the rollout. */
export const REVISION_ANNOTATION = "deployment.kubernetes.io/revision";
/** Label of a StatefulSet's pod: its name. */
export const STATEFULSET_POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name";
/** Label of a StatefulSet's pod: its ordinal. */
export const POD_INDEX_LABEL = "apps.kubernetes.io/pod-index";
/** Label of a StatefulSet's pod: hash of the template it was made from. */
export const CONTROLLER_REVISION_HASH_LABEL = "controller-revision-hash";

/** Label of a Namespace: its own name. */
export const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";
/** Label of a Node: its host name. */
export const HOSTNAME_LABEL = "kubernetes.io/hostname";
/** Label of a Node: its zone. */
export const ZONE_LABEL = "topology.kubernetes.io/zone";
/** Label of a Node: its region. */
export const REGION_LABEL = "topology.kubernetes.io/region";
/** Taint key of a node that is not ready. */
export const NOT_READY_TAINT = "node.kubernetes.io/not-ready";
/** Taint key of a node nobody hears from. */
export const UNREACHABLE_TAINT = "node.kubernetes.io/unreachable";
/** Taint key of a cordoned node. */
export const UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable";

/** Label of an IPAddress: IPv4 or IPv6. */
export const IP_FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family";
/** Label of an IPAddress: who allocated it. */
export const IP_MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by";
/** Value of that label for the API server's ClusterIP allocator. */
export const IP_ALLOCATOR = "ipallocator.k8s.io";

/** Namespace of the cluster's own workloads. */
export const SYSTEM_NAMESPACE = "kube-system";
/** Namespace of the nodes' leases. */
export const NODE_LEASE_NAMESPACE = "kube-node-lease";
