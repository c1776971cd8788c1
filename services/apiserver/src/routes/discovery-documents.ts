import { apiVersionOf, type Kind } from "@kubehop/api";
import { compareKubeVersions } from "../custom-resources/kube-version.ts";
import { subresourcesOf, VERBS } from "./subresources.ts";

/** A group and version, and the kinds in it. */
export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly kinds: readonly Kind[];
}

/** The groups and versions of a table of kinds, the core group first, then by name; a group's preferred version first. */
export function groupVersionsOf(kinds: readonly Kind[]): GroupVersion[] {
  const byApiVersion = Map.groupBy(kinds, apiVersionOf);
  return [...byApiVersion.values()]
    .map((members) => ({
      group: (members[0] as Kind).group,
      version: (members[0] as Kind).version,
      kinds: members.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)),
    }))
    .sort((a, b) => {
      if (a.group !== b.group) return a.group < b.group ? -1 : 1;
      return compareKubeVersions(a.version, b.version);
    });
}

/** The answer of /api, before aggregated discovery. */
export function apiVersions(address: string): object {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

/** The answer of /apis, before aggregated discovery. */
export function apiGroupList(groupVersions: readonly GroupVersion[]): object {
  const groups = new Set(groupVersions.map(({ group }) => group).filter((group) => group !== ""));
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: [...groups].map((group) => groupOf(groupVersions, group)),
  };
}

/** The answer of /apis/GROUP; undefined when there is no such group. */
export function apiGroup(
  groupVersions: readonly GroupVersion[],
  group: string,
): object | undefined {
  if (!groupVersions.some((one) => one.group === group && group !== "")) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupOf(groupVersions, group) };
}

/** The answer of /api/v1 and /apis/GROUP/VERSION. */
export function apiResourceList(groupVersion: GroupVersion): object {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf(groupVersion),
    resources: groupVersion.kinds.flatMap(legacyResources),
  };
}

/** The answer of /api (core group) or /apis (the others) in aggregated discovery. */
export function aggregatedDiscovery(
  groupVersions: readonly GroupVersion[],
  version: string,
): object {
  const byGroup = Map.groupBy(groupVersions, ({ group }) => group);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: [...byGroup].map(([group, versions]) => ({
      metadata: { ...(group !== "" && { name: group }), creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one.version,
        resources: one.kinds.map(discoveredResource),
        freshness: "Current",
      })),
    })),
  };
}

function groupOf(groupVersions: readonly GroupVersion[], group: string): object {
  const versions = groupVersions
    .filter((one) => one.group === group)
    .map((one) => ({ groupVersion: apiVersionOf(one), version: one.version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function legacyResources(kind: Kind): object[] {
  const { namespaced } = kind;
  const resource = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced,
    kind: kind.kind,
    verbs: kind.verbs ?? VERBS,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
  };
  const subresources = subresourcesOf(kind).map(({ name, responseKind, verbs }) => ({
    name: `${kind.plural}/${name}`,
    singularName: "",
    namespaced,
    ...(responseKind.group !== kind.group && {
      group: responseKind.group,
      version: responseKind.version,
    }),
    kind: responseKind.kind,
    verbs,
  }));
  return [resource, ...subresources];
}

function discoveredResource(kind: Kind): object {
  const { group, version } = kind;
  const subresources = subresourcesOf(kind).map(({ name, responseKind, verbs }) => ({
    subresource: name,
    responseKind,
    verbs,
  }));
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: kind.verbs ?? VERBS,
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
