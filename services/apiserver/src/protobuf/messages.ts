import { APPS_MESSAGES } from "./messages/apps.ts";
import { CORE_MESSAGES } from "./messages/core.ts";
import { META_MESSAGES } from "./messages/meta.ts";
import { POD_MESSAGES } from "./messages/pod.ts";
import { REVIEW_MESSAGES } from "./messages/reviews.ts";
import { VOLUME_MESSAGES } from "./messages/volumes.ts";

import { type Message, parseMessages } from "./table.ts";

/** Messages of kinds that are read as a whole, by kind; and what a body says its version is. */
export const ROOTS: ReadonlyMap<string, string> = new Map([
  ["Namespace", "v1"],
  ["ConfigMap", "v1"],
  ["Secret", "v1"],
  ["Service", "v1"],
  ["ServiceAccount", "v1"],
  ["Pod", "v1"],
  ["Endpoints", "v1"],
  ["Event", "v1"],
  ["Binding", "v1"],
  ["EndpointSlice", "discovery.k8s.io/v1"],
  ["Deployment", "apps/v1"],
  ["ReplicaSet", "apps/v1"],
  ["StatefulSet", "apps/v1"],
  ["Scale", "autoscaling/v1"],
  ["Lease", "coordination.k8s.io/v1"],
  ["Eviction", "policy/v1"],
  ["TokenRequest", "authentication.k8s.io/v1"],
  ["SelfSubjectReview", "authentication.k8s.io/v1"],
  ["SelfSubjectAccessReview", "authorization.k8s.io/v1"],
  ["SelfSubjectRulesReview", "authorization.k8s.io/v1"],
]);

/** All messages by name. */
export const MESSAGES: ReadonlyMap<string, Message> = parseMessages(
  [
    META_MESSAGES,
    CORE_MESSAGES,
    POD_MESSAGES,
    VOLUME_MESSAGES,
    APPS_MESSAGES,
    REVIEW_MESSAGES,
  ].join("\n"),
);
