/** Messages of networking/v1 and policy/v1. See parseMessages for the notation. */
export const NETWORKING_MESSAGES = `
Ingress: 1 metadata ObjectMeta, 2 spec IngressSpec, 3 status IngressStatus
IngressSpec: 1 defaultBackend IngressBackend, 2 tls []IngressTLS, 3 rules []IngressRule,
  4 ingressClassName*
IngressBackend: 3 resource TypedLocalObjectReference, 4 service IngressServiceBackend
IngressServiceBackend: 1 name, 2 port ServiceBackendPort
ServiceBackendPort: 1 name, 2 number int
IngressTLS: 1 hosts []string, 2 secretName
IngressRule: 1 host, 2 ...IngressRuleValue
IngressRuleValue: 1 http HTTPIngressRuleValue
HTTPIngressRuleValue: 1 paths []HTTPIngressPath
HTTPIngressPath: 1 path, 2 backend IngressBackend, 3 pathType*
IngressStatus: 1 loadBalancer IngressLoadBalancerStatus
IngressLoadBalancerStatus: 1 ingress []IngressLoadBalancerIngress
IngressLoadBalancerIngress: 1 ip, 2 hostname, 4 ports []IngressPortStatus
IngressPortStatus: 1 port int, 2 protocol, 3 error*
IngressClass: 1 metadata ObjectMeta, 2 spec IngressClassSpec
IngressClassSpec: 1 controller, 2 parameters IngressClassParametersReference
IngressClassParametersReference: 1 apiGroup*, 2 kind, 3 name, 4 scope*, 5 namespace*
NetworkPolicy: 1 metadata ObjectMeta, 2 spec NetworkPolicySpec
NetworkPolicySpec: 1 podSelector LabelSelector, 2 ingress []NetworkPolicyIngressRule,
  3 egress []NetworkPolicyEgressRule, 4 policyTypes []string
NetworkPolicyIngressRule: 1 ports []NetworkPolicyPort, 2 from []NetworkPolicyPeer
NetworkPolicyEgressRule: 1 ports []NetworkPolicyPort, 2 to []NetworkPolicyPeer
NetworkPolicyPort: 1 protocol*, 2 port* intOrString, 3 endPort* int
NetworkPolicyPeer: 1 podSelector LabelSelector, 2 namespaceSelector LabelSelector, 3 ipBlock IPBlock
IPBlock: 1 cidr, 2 except []string
PodDisruptionBudget: 1 metadata ObjectMeta, 2 spec PodDisruptionBudgetSpec,
  3 status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: 1 minAvailable* intOrString, 2 selector LabelSelector,
  3 maxUnavailable* intOrString, 4 unhealthyPodEvictionPolicy*
PodDisruptionBudgetStatus: 1 observedGeneration int, 2 disruptedPods {}time,
  3 disruptionsAllowed int, 4 currentHealthy int, 5 desiredHealthy int, 6 expectedPods int,
  7 conditions []Condition
`;
