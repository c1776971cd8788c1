import type { Kind } from "@kubehop/api";
import type { KindTable } from "../custom-resources/kind-table.ts";
import type { ResourceRequest } from "../http/request-info.ts";
import { REVIEWS } from "./review-kinds.ts";

/** A subresource as discovery tells of it. */
export interface Subresource {
  readonly name: string;
  /** The kind it takes and gives. */
  readonly responseKind: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  };
  readonly verbs: readonly string[];
}

/** Verbs of every kind, in the order upstream prints them. */
export const VERBS = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
] as const;

const PROXY_VERBS = ["create", "delete", "get", "patch", "update"];

const OWN: Readonly<Record<string, readonly Subresource[]>> = {
  nodes: [core("proxy", "NodeProxyOptions", PROXY_VERBS)],
  services: [core("proxy", "ServiceProxyOptions", PROXY_VERBS)],
  namespaces: [core("finalize", "Namespace", ["update"])],
  pods: [
    core("binding", "Binding", ["create"]),
    core("attach", "PodAttachOptions", ["create", "get"]),
    core("ephemeralcontainers", "Pod", ["get", "patch", "update"]),
    {
      name: "eviction",
      responseKind: { group: "policy", version: "v1", kind: "Eviction" },
      verbs: ["create"],
    },
    core("exec", "PodExecOptions", ["create", "get"]),
    core("portforward", "PodPortForwardOptions", ["create", "get"]),
    core("proxy", "PodProxyOptions", PROXY_VERBS),
    core("log", "Pod", ["get"]),
  ],
  serviceaccounts: [
    {
      name: "token",
      responseKind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
      verbs: ["create"],
    },
  ],
};

/** The subresources of a kind, by name. */
export function subresourcesOf(kind: Kind): readonly Subresource[] {
  const { group, version } = kind;
  const verbs = ["get", "patch", "update"];
  const status: Subresource = {
    name: "status",
    responseKind: { group, version, kind: kind.kind },
    verbs,
  };
  const scale: Subresource = {
    name: "scale",
    responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
    verbs,
  };
  const own = group === "" ? (OWN[kind.plural] ?? []) : [];
  return [...own, ...(kind.scale ? [scale] : []), ...(kind.status ? [status] : [])];
}

/** Whether a request is about a resource and subresource that this server has. */
export function isServed(kinds: KindTable, request: ResourceRequest): boolean {
  const { group, version, plural, subresource } = request;
  const isReview = (kind: Kind): boolean => kind.group === group && kind.plural === plural;
  const kind = kinds.byPlural(group, version, plural) ?? REVIEWS.find(isReview);
  if (kind === undefined || subresource === undefined) return kind !== undefined;
  return subresourcesOf(kind).some(({ name }) => name === subresource);
}

function core(name: string, kind: string, verbs: readonly string[]): Subresource {
  return { name, responseKind: { group: "", version: "v1", kind }, verbs };
}
