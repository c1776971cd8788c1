/** Messages of core/v1 without pods, of discovery/v1 and coordination/v1. See parseMessages for the notation. */
export const CORE_MESSAGES = `
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus
NamespaceSpec: 1 finalizers []string
NamespaceStatus: 1 phase, 2 conditions []NamespaceCondition
NamespaceCondition: 1 type, 2 status, 4 lastTransitionTime time, 5 reason, 6 message
ConfigMap: 1 metadata ObjectMeta, 2 data {}string, 3 binaryData {}bytes, 4 immutable* bool
Secret: 1 metadata ObjectMeta, 2 data {}bytes, 3 type, 4 stringData {}string, 5 immutable* bool
Service: 1 metadata ObjectMeta, 2 spec ServiceSpec, 3 status ServiceStatus
ServiceSpec: 1 ports []ServicePort, 2 selector {}string, 3 clusterIP, 4 type,
  5 externalIPs []string, 7 sessionAffinity, 8 loadBalancerIP,
  9 loadBalancerSourceRanges []string, 10 externalName, 11 externalTrafficPolicy,
  12 healthCheckNodePort int, 13 publishNotReadyAddresses bool,
  14 sessionAffinityConfig SessionAffinityConfig, 17 ipFamilyPolicy*, 18 clusterIPs []string,
  19 ipFamilies []string, 20 allocateLoadBalancerNodePorts* bool, 21 loadBalancerClass*,
  22 internalTrafficPolicy*, 23 trafficDistribution*
ServicePort: 1 name, 2 protocol, 3 port int, 4 targetPort intOrString, 5 nodePort int,
  6 appProtocol*
SessionAffinityConfig: 1 clientIP ClientIPConfig
ClientIPConfig: 1 timeoutSeconds* int
ServiceStatus: 1 loadBalancer LoadBalancerStatus, 2 conditions []Condition
LoadBalancerStatus: 1 ingress []LoadBalancerIngress
LoadBalancerIngress: 1 ip, 2 hostname, 3 ipMode*, 4 ports []PortStatus
PortStatus: 1 port int, 2 protocol, 3 error*
ServiceAccount: 1 metadata ObjectMeta, 2 secrets []ObjectReference,
  3 imagePullSecrets []LocalObjectReference, 4 automountServiceAccountToken* bool
ObjectReference: 1 kind, 2 namespace, 3 name, 4 uid, 5 apiVersion, 6 resourceVersion, 7 fieldPath
LocalObjectReference: 1 name
Endpoints: 1 metadata ObjectMeta, 2 subsets []EndpointSubset
EndpointSubset: 1 addresses []EndpointAddress, 2 notReadyAddresses []EndpointAddress,
  3 ports []EndpointPort
EndpointAddress: 1 ip, 2 targetRef ObjectReference, 3 hostname, 4 nodeName*
EndpointPort: 1 name, 2 port int, 3 protocol, 4 appProtocol*
EndpointSlice: 1 metadata ObjectMeta, 2 endpoints []Endpoint, 3 ports []DiscoveryEndpointPort,
  4 addressType
Endpoint: 1 addresses []string, 2 conditions EndpointConditions, 3 hostname*,
  4 targetRef ObjectReference, 5 deprecatedTopology {}string, 6 nodeName*, 7 zone*,
  8 hints EndpointHints
EndpointConditions: 1 ready* bool, 2 serving* bool, 3 terminating* bool
EndpointHints: 1 forZones []ForZone, 2 forNodes []ForNode
ForZone: 1 name
ForNode: 1 name
DiscoveryEndpointPort: 1 name*, 2 protocol*, 3 port* int, 4 appProtocol*
Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason, 4 message,
  5 source EventSource, 6 firstTimestamp time, 7 lastTimestamp time, 8 count int, 9 type,
  10 eventTime microTime, 11 series EventSeries, 12 action, 13 related ObjectReference,
  14 reportingComponent, 15 reportingInstance
EventsV1Event: 1 metadata ObjectMeta, 2 eventTime microTime, 3 series EventSeries,
  4 reportingController, 5 reportingInstance, 6 action, 7 reason, 8 regarding ObjectReference,
  9 related ObjectReference, 10 note, 11 type, 12 deprecatedSource EventSource,
  13 deprecatedFirstTimestamp time, 14 deprecatedLastTimestamp time, 15 deprecatedCount int
EventSource: 1 component, 2 host
EventSeries: 1 count int, 2 lastObservedTime microTime
Lease: 1 metadata ObjectMeta, 2 spec LeaseSpec
LeaseSpec: 1 holderIdentity*, 2 leaseDurationSeconds* int, 3 acquireTime microTime,
  4 renewTime microTime, 5 leaseTransitions* int, 6 strategy*, 7 preferredHolder*
Binding: 1 metadata ObjectMeta, 2 target ObjectReference
`;
