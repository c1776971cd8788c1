import { APPS_MESSAGES } from "./messages/apps.ts";
import { AUTOSCALING_MESSAGES } from "./messages/autoscaling.ts";
import { BATCH_MESSAGES } from "./messages/batch.ts";
import { CORE_MESSAGES } from "./messages/core.ts";
import { META_MESSAGES } from "./messages/meta.ts";
import { NETWORKING_MESSAGES } from "./messages/networking.ts";
import { POD_MESSAGES } from "./messages/pod.ts";
import { RBAC_MESSAGES } from "./messages/rbac.ts";
import { REVIEW_MESSAGES } from "./messages/reviews.ts";
import { VOLUME_MESSAGES } from "./messages/volumes.ts";

import { type Message, parseMessages } from "./table.ts";

/** Kinds whose messages are read as a whole, by what a body says its version is. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  v1: [
    "Namespace",
    "ConfigMap",
    "Secret",
    "Service",
    "ServiceAccount",
    "Pod",
    "Endpoints",
    "Event",
    "Binding",
    "ReplicationController",
  ],
  "discovery.k8s.io/v1": ["EndpointSlice"],
  "apps/v1": ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"],
  "autoscaling/v1": ["Scale", "HorizontalPodAutoscaler"],
  "autoscaling/v2": ["HorizontalPodAutoscaler"],
  "batch/v1": ["Job", "CronJob"],
  "coordination.k8s.io/v1": ["Lease"],
  "events.k8s.io/v1": ["Event"],
  "networking.k8s.io/v1": ["Ingress", "IngressClass", "NetworkPolicy"],
  "policy/v1": ["Eviction", "PodDisruptionBudget"],
  "rbac.authorization.k8s.io/v1": ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"],
  "authentication.k8s.io/v1": ["TokenRequest", "TokenReview", "SelfSubjectReview"],
  "authorization.k8s.io/v1": [
    "SubjectAccessReview",
    "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
    "SelfSubjectRulesReview",
  ],
};

/** Kinds that two groups or versions have: the second one's message has a name of its own. */
const RENAMED: Readonly<Record<string, string>> = {
  "autoscaling/v1/HorizontalPodAutoscaler": "HorizontalPodAutoscalerV1",
  "events.k8s.io/v1/Event": "EventsV1Event",
};

/** Name of the message of a kind, by `apiVersion/kind`. */
export const ROOTS: ReadonlyMap<string, string> = new Map(
  Object.entries(KINDS).flatMap(([apiVersion, kinds]) =>
    kinds.map((kind): [string, string] => {
      const key = `${apiVersion}/${kind}`;
      return [key, RENAMED[key] ?? kind];
    }),
  ),
);

/** All messages by name. */
export const MESSAGES: ReadonlyMap<string, Message> = parseMessages(
  [
    META_MESSAGES,
    CORE_MESSAGES,
    POD_MESSAGES,
    VOLUME_MESSAGES,
    APPS_MESSAGES,
    AUTOSCALING_MESSAGES,
    BATCH_MESSAGES,
    NETWORKING_MESSAGES,
    RBAC_MESSAGES,
    REVIEW_MESSAGES,
  ].join("\n"),
);
