import type {
  Condition,
  Deployment,
  Node,
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  Service,
} from "@kubehop/api";

let uids = 0;

/** A uid that no other object of this process has. */
export function newUid(): string {
  uids += 1;
  return `uid-${uids}`;
}

/** What a test wants to say of a pod. */
export interface PodTraits {
  readonly name?: string;
  readonly ip?: string;
  readonly ready?: boolean;
  readonly node?: string;
  readonly deleting?: boolean;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly owner?: string;
  readonly readySince?: string;
  readonly created?: string;
  readonly spec?: Partial<Pod["spec"]>;
  readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed";
}

/** A pod as the registry would hold it. */
export function podOf(traits: PodTraits = {}): Pod {
  const { ip, node, phase = "Running" } = traits;
  const conditions: Condition[] = [
    {
      type: "Ready",
      status: traits.ready === false ? "False" : "True",
      lastTransitionTime: traits.readySince ?? "2026-01-01T00:00:00Z",
    },
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: podMetadata(traits),
    spec: {
      containers: [{ name: "main", ports: [{ name: "http", containerPort: 8080 }] }],
      ...(node !== undefined && { nodeName: node }),
      ...traits.spec,
    },
    status: { phase, conditions, ...(ip !== undefined && { podIP: ip, podIPs: [{ ip }] }) },
  };
}

function podMetadata({ owner, ...traits }: PodTraits): Pod["metadata"] {
  const uid = newUid();
  const reference = { apiVersion: "apps/v1", kind: "ReplicaSet", controller: true };
  return {
    name: traits.name ?? `pod-${uid}`,
    namespace: "default",
    uid,
    creationTimestamp: traits.created ?? "2026-01-01T00:00:00Z",
    ...(traits.labels && { labels: traits.labels }),
    ...(traits.annotations && { annotations: traits.annotations }),
    ...(traits.deleting === true && { deletionTimestamp: "2026-01-01T00:01:00Z" }),
    ...(owner !== undefined && { ownerReferences: [{ ...reference, name: owner, uid: owner }] }),
  };
}

/** A ready node. */
export function nodeOf(
  name: string,
  spec: Node["spec"] = {},
  labels: Record<string, string> = {},
): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, uid: newUid(), labels },
    spec,
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** A Service with a selector. */
export function serviceOf(spec: Service["spec"] = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "my-api", namespace: "default", uid: newUid() },
    spec: { selector: { app: "my-api" }, ports: [{ port: 80, targetPort: "http" }], ...spec },
  };
}

/** A template with one container. */
export function templateOf(image: string): PodTemplateSpec {
  const labels = { app: "my-api" };
  return { metadata: { labels }, spec: { containers: [{ name: "main", image }] } };
}

/** A Deployment of the template `image`. */
export function deploymentOf(spec: Partial<Deployment["spec"]> = {}): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "my-api", namespace: "default", uid: newUid(), generation: 1 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "my-api" } },
      template: templateOf("one"),
      ...spec,
    },
  };
}

/** A ReplicaSet that has what it wants, unless told otherwise. */
export function replicaSetOf(replicas: number, available: number = replicas): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: `set-${newUid()}`, namespace: "default", uid: newUid(), generation: 1 },
    spec: { replicas, selector: {}, template: templateOf("one") },
    status: {
      replicas,
      availableReplicas: available,
      readyReplicas: available,
      observedGeneration: 1,
    },
  };
}
