import { ConditionsSchema, type Condition } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  atomicMap,
  bool,
  int32,
  intOrString,
  list,
  object,
  text,
  withDefault,
  type SchemaOf,
} from "../schema.ts";

/** A stable name and address in front of pods. */
export type Service = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ServiceSpec;
  status?: ServiceStatus;
};

/** How a Service is exposed. */
export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
/** Transport protocol of a port. */
export type Protocol = "TCP" | "UDP" | "SCTP";
/** IP family of an address. */
export type IPFamily = "IPv4" | "IPv6";
/** How many IP families a Service wants. */
export type IPFamilyPolicy = "SingleStack" | "PreferDualStack" | "RequireDualStack";
/** Any endpoint, or only those of the node where the traffic enters. */
export type TrafficPolicy = "Cluster" | "Local";
/** ClientIP keeps a client at its endpoint. */
export type SessionAffinity = "None" | "ClientIP";

/** Desired state of a Service. */
export interface ServiceSpec {
  ports?: ServicePort[];
  selector?: Record<string, string>;
  /** An IP, `None` (headless), or absent for ExternalName. */
  clusterIP?: string;
  clusterIPs?: string[];
  type?: ServiceType;
  externalIPs?: string[];
  sessionAffinity?: SessionAffinity;
  sessionAffinityConfig?: SessionAffinityConfig;
  loadBalancerIP?: string;
  loadBalancerSourceRanges?: string[];
  loadBalancerClass?: string;
  allocateLoadBalancerNodePorts?: boolean;
  externalName?: string;
  externalTrafficPolicy?: TrafficPolicy;
  internalTrafficPolicy?: TrafficPolicy;
  healthCheckNodePort?: number;
  publishNotReadyAddresses?: boolean;
  ipFamilies?: IPFamily[];
  ipFamilyPolicy?: IPFamilyPolicy;
  trafficDistribution?: string;
}

/** One port of a Service. */
export interface ServicePort {
  name?: string;
  protocol?: Protocol;
  appProtocol?: string;
  port: number;
  /** Port number or the name of a container port; equals `port` by default. */
  targetPort?: number | string;
  nodePort?: number;
}

/** Parameters of session affinity. */
export interface SessionAffinityConfig {
  clientIP?: ClientIPConfig;
}

/** Parameters of ClientIP affinity. */
export interface ClientIPConfig {
  timeoutSeconds?: number;
}

/** State of a Service: its load balancer. */
export interface ServiceStatus {
  loadBalancer?: LoadBalancerStatus;
  conditions?: Condition[];
}

/** Where a load balancer takes traffic. */
export interface LoadBalancerStatus {
  ingress?: LoadBalancerIngress[];
}

/** One entrance of a load balancer. */
export interface LoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ipMode?: "VIP" | "Proxy";
  ports?: PortStatus[];
}

/** State of one port of a load balancer. */
export interface PortStatus {
  port: number;
  protocol: Protocol;
  error?: string;
}

const ServicePortSchema: SchemaOf<ServicePort> = object<ServicePort>(
  "ServicePort",
  "A port the Service listens on.",
  {
    name: text("Name, a DNS-1123 label; required when there are several ports."),
    protocol: withDefault(text<Protocol>("TCP, UDP or SCTP; default TCP."), "TCP"),
    appProtocol: text("Application protocol; a hint."),
    port: int32("The port on the cluster IP."),
    targetPort: intOrString("Number or name of the port on the pods; default: port."),
    nodePort: int32("The port on each node, for NodePort and LoadBalancer."),
  },
  ["port"],
);

const ServiceSpecSchema: SchemaOf<ServiceSpec> = object<ServiceSpec>(
  "ServiceSpec",
  "Desired state of the Service.",
  {
    ports: list(ServicePortSchema, "Ports the Service listens on.", {
      mergeKey: "port",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["port", "protocol"],
    }),
    selector: atomicMap(text(""), "Labels of the pods behind the Service."),
    clusterIP: text("Its address; None for a headless Service."),
    clusterIPs: list(text(""), "Its addresses, at most one for each IP family.", {
      listType: "atomic",
    }),
    type: text("ClusterIP, NodePort, LoadBalancer or ExternalName."),
    externalIPs: list(text(""), "Addresses for which nodes also accept traffic.", {
      listType: "atomic",
    }),
    sessionAffinity: text("None or ClientIP."),
    sessionAffinityConfig: object<SessionAffinityConfig>(
      "SessionAffinityConfig",
      "Parameters of session affinity.",
      {
        clientIP: object<ClientIPConfig>("ClientIPConfig", "Parameters of ClientIP.", {
          timeoutSeconds: int32("How long a client is remembered; 1 to 86400 seconds."),
        }),
      },
    ),
    loadBalancerIP: text("Deprecated."),
    loadBalancerSourceRanges: list(text(""), "Client ranges the load balancer lets in.", {
      listType: "atomic",
    }),
    loadBalancerClass: text("Which load balancer implementation."),
    allocateLoadBalancerNodePorts: bool("Whether a LoadBalancer Service gets node ports."),
    externalName: text("DNS name an ExternalName Service is an alias of."),
    externalTrafficPolicy: text("Cluster or Local, for traffic from outside."),
    internalTrafficPolicy: text("Cluster or Local, for traffic to the cluster IP."),
    healthCheckNodePort: int32("Port of the health check for externalTrafficPolicy Local."),
    publishNotReadyAddresses: bool("Endpoints count as ready whatever their readiness."),
    ipFamilies: list(text<IPFamily>(""), "IP families of the cluster IPs.", {
      listType: "atomic",
    }),
    ipFamilyPolicy: text("SingleStack, PreferDualStack or RequireDualStack."),
    trafficDistribution: text("PreferSameZone or PreferSameNode."),
  },
);

const LoadBalancerIngressSchema: SchemaOf<LoadBalancerIngress> = object<LoadBalancerIngress>(
  "LoadBalancerIngress",
  "An entrance of the load balancer.",
  {
    ip: text("Its address."),
    hostname: text("Its name."),
    ipMode: text("VIP: delivered with this destination; Proxy: with the node as destination."),
    ports: list(
      object<PortStatus>(
        "PortStatus",
        "State of a port.",
        {
          port: int32("The port."),
          protocol: text("Its protocol."),
          error: text("Why it does not work."),
        },
        ["port", "protocol"],
      ),
      "State of its ports.",
      { listType: "atomic" },
    ),
  },
);

/** Schema of Service. */
export const ServiceSchema: SchemaOf<Service> = object<Service>(
  "Service",
  "A stable name and address in front of a set of pods.",
  {
    ...typeAndMeta,
    spec: ServiceSpecSchema,
    status: object<ServiceStatus>("ServiceStatus", "State of the Service.", {
      loadBalancer: object<LoadBalancerStatus>("LoadBalancerStatus", "Its load balancer.", {
        ingress: list(LoadBalancerIngressSchema, "Where traffic enters.", {
          listType: "atomic",
        }),
      }),
      conditions: ConditionsSchema,
    }),
  },
);
