import { describe, expect, test } from "vitest";
import { decodeObject } from "../decode.ts";
import { Kinds } from "./index.ts";
import type { Kind } from "./kind.ts";

/** Manifests as people write them: no field of theirs may be lost. */
const container = {
  name: "app",
  image: "app:1",
  command: ["/app"],
  args: ["--port", "$(PORT)"],
  workingDir: "/srv",
  ports: [
    { name: "http", containerPort: 8080, hostPort: 8080, hostIP: "0.0.0.0", protocol: "TCP" },
  ],
  envFrom: [
    { prefix: "P_", configMapRef: { name: "c", optional: true } },
    { secretRef: { name: "s" } },
  ],
  env: [
    { name: "PORT", value: "8080" },
    { name: "IP", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" } } },
    {
      name: "CPU",
      valueFrom: {
        resourceFieldRef: { containerName: "app", resource: "limits.cpu", divisor: "1m" },
      },
    },
    { name: "A", valueFrom: { configMapKeyRef: { name: "c", key: "a", optional: false } } },
    { name: "B", valueFrom: { secretKeyRef: { name: "s", key: "b" } } },
  ],
  resources: {
    limits: { cpu: "1", memory: "64Mi" },
    requests: { cpu: "100m" },
    claims: [{ name: "gpu" }],
  },
  resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }],
  restartPolicy: "Always",
  volumeMounts: [
    {
      name: "data",
      mountPath: "/data",
      readOnly: true,
      subPath: "x",
      mountPropagation: "None",
      recursiveReadOnly: "Disabled",
    },
    { name: "tmp", mountPath: "/tmp", subPathExpr: "$(POD)" },
  ],
  volumeDevices: [{ name: "raw", devicePath: "/dev/xvda" }],
  livenessProbe: {
    exec: { command: ["true"] },
    initialDelaySeconds: 1,
    terminationGracePeriodSeconds: 5,
  },
  readinessProbe: {
    httpGet: {
      path: "/ready",
      port: "http",
      host: "x",
      scheme: "HTTP",
      httpHeaders: [{ name: "A", value: "b" }],
    },
    timeoutSeconds: 1,
    periodSeconds: 2,
    successThreshold: 1,
    failureThreshold: 3,
  },
  startupProbe: { grpc: { port: 9000, service: "x" } },
  lifecycle: { postStart: { exec: { command: ["x"] } }, preStop: { sleep: { seconds: 5 } } },
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  imagePullPolicy: "IfNotPresent",
  securityContext: {
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  },
  stdin: true,
  stdinOnce: true,
  tty: true,
};

const podSpec = {
  volumes: [
    { name: "data", persistentVolumeClaim: { claimName: "data" } },
    { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "1Gi" } },
    {
      name: "c",
      configMap: {
        name: "c",
        items: [{ key: "a", path: "a", mode: 256 }],
        defaultMode: 420,
        optional: true,
      },
    },
    { name: "s", secret: { secretName: "s", defaultMode: 256 } },
    { name: "h", hostPath: { path: "/x", type: "Directory" } },
    {
      name: "d",
      downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] },
    },
    {
      name: "p",
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { audience: "x", expirationSeconds: 3607, path: "token" } },
          { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          { secret: { name: "s", optional: true } },
          {
            downwardAPI: {
              items: [
                { path: "ns", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
              ],
            },
          },
          { clusterTrustBundle: { name: "x", path: "y" } },
        ],
      },
    },
    { name: "csi", csi: { driver: "x", volumeAttributes: { a: "b" } } },
    { name: "nfs", nfs: { server: "x", path: "/" } },
    { name: "e", ephemeral: { volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"] } } } },
  ],
  initContainers: [container],
  containers: [container],
  ephemeralContainers: [{ name: "debug", image: "busybox", targetContainerName: "app" }],
  restartPolicy: "Always",
  terminationGracePeriodSeconds: 30,
  activeDeadlineSeconds: 60,
  dnsPolicy: "None",
  dnsConfig: {
    nameservers: ["1.1.1.1"],
    searches: ["x"],
    options: [{ name: "ndots", value: "2" }],
  },
  nodeSelector: { "kubernetes.io/os": "linux" },
  serviceAccountName: "robot",
  automountServiceAccountToken: false,
  nodeName: "node-1",
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  shareProcessNamespace: true,
  securityContext: { fsGroup: 1000, sysctls: [{ name: "a", value: "b" }] },
  imagePullSecrets: [{ name: "pull" }],
  hostname: "a",
  subdomain: "b",
  affinity: {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "x" }] },
  },
  schedulerName: "default-scheduler",
  tolerations: [
    { key: "a", operator: "Equal", value: "b", effect: "NoExecute", tolerationSeconds: 5 },
  ],
  hostAliases: [{ ip: "10.0.0.1", hostnames: ["x"] }],
  priorityClassName: "high",
  priority: 1,
  readinessGates: [{ conditionType: "example.com/ready" }],
  runtimeClassName: "x",
  enableServiceLinks: true,
  preemptionPolicy: "Never",
  overhead: { cpu: "1m" },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { a: "b" } },
      minDomains: 2,
      matchLabelKeys: ["pod-template-hash"],
      nodeAffinityPolicy: "Honor",
      nodeTaintsPolicy: "Ignore",
    },
  ],
  setHostnameAsFQDN: false,
  os: { name: "linux" },
  hostUsers: false,
  schedulingGates: [{ name: "x" }],
  resourceClaims: [{ name: "gpu", resourceClaimName: "x" }],
};

const metadata = {
  name: "web",
  namespace: "default",
  labels: { app: "web" },
  annotations: { "example.com/x": "y" },
  finalizers: ["example.com/x"],
  ownerReferences: [
    {
      apiVersion: "v1",
      kind: "Pod",
      name: "a",
      uid: "u",
      controller: true,
      blockOwnerDeletion: true,
    },
  ],
};
const selector = {
  matchLabels: { app: "web" },
  matchExpressions: [{ key: "x", operator: "In", values: ["a"] }],
};
const template = { metadata: { labels: { app: "web" }, annotations: { a: "b" } }, spec: podSpec };

const MANIFESTS: Partial<Record<keyof typeof Kinds, object>> = {
  Pod: { spec: podSpec },
  Deployment: {
    spec: {
      replicas: 3,
      selector,
      template,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      minReadySeconds: 1,
      revisionHistoryLimit: 2,
      paused: true,
      progressDeadlineSeconds: 60,
    },
  },
  ReplicaSet: { spec: { replicas: 1, minReadySeconds: 1, selector, template } },
  StatefulSet: {
    spec: {
      replicas: 2,
      serviceName: "db",
      selector,
      template,
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1, maxUnavailable: 1 } },
      volumeClaimTemplates: [
        { metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"] } },
      ],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" },
      ordinals: { start: 1 },
    },
  },
  Service: {
    spec: {
      type: "LoadBalancer",
      clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1"],
      selector: { app: "web" },
      ports: [
        {
          name: "http",
          protocol: "TCP",
          appProtocol: "http",
          port: 80,
          targetPort: "http",
          nodePort: 30_080,
        },
      ],
      externalIPs: ["8.8.8.8"],
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
      loadBalancerIP: "1.2.3.4",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      loadBalancerClass: "a/b",
      allocateLoadBalancerNodePorts: true,
      externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Cluster",
      healthCheckNodePort: 30_001,
      publishNotReadyAddresses: true,
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      trafficDistribution: "PreferSameZone",
    },
    status: {
      loadBalancer: {
        ingress: [{ ip: "1.2.3.4", ipMode: "VIP", ports: [{ port: 80, protocol: "TCP" }] }],
      },
    },
  },
  EndpointSlice: {
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["10.0.0.1"],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: "a",
        nodeName: "node-1",
        zone: "a",
        hints: { forZones: [{ name: "a" }], forNodes: [{ name: "node-1" }] },
        targetRef: { kind: "Pod", namespace: "default", name: "a", uid: "u" },
      },
    ],
    ports: [{ name: "http", protocol: "TCP", port: 80, appProtocol: "http" }],
  },
  Node: {
    spec: {
      podCIDR: "10.244.1.0/24",
      podCIDRs: ["10.244.1.0/24"],
      unschedulable: true,
      providerID: "x",
      taints: [{ key: "a", value: "b", effect: "NoExecute", timeAdded: "2026-01-01T00:00:00Z" }],
    },
    status: {
      capacity: { cpu: "2" },
      allocatable: { cpu: "2" },
      addresses: [{ type: "InternalIP", address: "172.31.0.11" }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      conditions: [
        {
          type: "Ready",
          status: "True",
          lastHeartbeatTime: "2026-01-01T00:00:00Z",
          lastTransitionTime: "2026-01-01T00:00:00Z",
          reason: "x",
          message: "y",
        },
      ],
      nodeInfo: { kernelVersion: "6", kubeletVersion: "v1", architecture: "amd64" },
      images: [{ names: ["a"], sizeBytes: 1 }],
    },
  },
  Lease: {
    spec: {
      holderIdentity: "a",
      leaseDurationSeconds: 40,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:00.000000Z",
      leaseTransitions: 1,
    },
  },
  Event: {
    involvedObject: { kind: "Pod", name: "a" },
    reason: "x",
    source: { component: "kubelet", host: "n" },
    firstTimestamp: "2026-01-01T00:00:00Z",
    count: 1,
    type: "Normal",
    series: { count: 2 },
    reportingComponent: "kubelet",
  },
  Secret: { type: "Opaque", immutable: true, data: { a: "eA==" }, stringData: { b: "y" } },
  ConfigMap: { immutable: false, data: { a: "b" }, binaryData: { c: "eA==" } },
  ServiceAccount: {
    secrets: [{ name: "a" }],
    imagePullSecrets: [{ name: "b" }],
    automountServiceAccountToken: true,
  },
};

describe("no field of a common manifest is lost", () => {
  test.each(Object.entries(MANIFESTS))("%s", (name, fields) => {
    const manifest = structuredClone({ metadata, ...fields });
    const { object, unknown } = decodeObject(Kinds[name as keyof typeof Kinds] as Kind, manifest);
    expect(unknown).toEqual([]);
    expect(object).toMatchObject(manifest);
  });
});
