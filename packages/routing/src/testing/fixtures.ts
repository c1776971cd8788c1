import {
  type Endpoint,
  type EndpointSlice,
  type Service,
  SERVICE_NAME_LABEL,
  type ServicePort,
  type ServiceSpec,
  WEIGHTS_ANNOTATION,
} from "@kubehop/api";

/** What a test says about a Service; the rest is a ClusterIP Service with one TCP port 80. */
export interface ServiceFixture {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly ports?: ServicePort[];
  readonly spec?: Partial<ServiceSpec>;
  readonly status?: Service["status"];
}

/** Makes a Service as the API server would store it. */
export function serviceFixture(fixture: ServiceFixture = {}): Service {
  const { name = "my-api", namespace = "default", labels = {}, spec = {}, status } = fixture;
  const clusterIP = spec.clusterIP ?? "10.96.0.50";
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ports: fixture.ports ?? [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080 }],
      internalTrafficPolicy: "Cluster",
      sessionAffinity: "None",
      ...spec,
    },
    ...(status !== undefined && { status }),
  };
}

/** What a test says about a slice; the rest has the port `http` 8080/TCP of my-api. */
export interface SliceFixture {
  readonly name?: string;
  readonly service?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly addressType?: EndpointSlice["addressType"];
  readonly ports?: EndpointSlice["ports"];
  /** Addresses of ready endpoints, or endpoints in full. */
  readonly endpoints: readonly (string | Endpoint)[];
  /** Weights that are not 1, by address. */
  readonly weights?: Record<string, number>;
}

/** Makes an EndpointSlice as the controller would write it. */
export function sliceFixture(fixture: SliceFixture): EndpointSlice {
  const { service = "my-api", namespace = "default", weights } = fixture;
  const annotations =
    weights === undefined ? {} : { [WEIGHTS_ANNOTATION]: JSON.stringify(weights) };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: fixture.name ?? `${service}-abcde`,
      namespace,
      labels: { [SERVICE_NAME_LABEL]: service, ...fixture.labels },
      annotations,
    },
    addressType: fixture.addressType ?? "IPv4",
    ports: fixture.ports ?? [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: fixture.endpoints.map((endpoint) =>
      typeof endpoint === "string" ? readyEndpoint(endpoint) : endpoint,
    ),
  };
}

function readyEndpoint(address: string): Endpoint {
  return {
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
  };
}
