import type { KubeObject } from "../meta/object-meta.ts";
import { titleOf, type SchemaOf } from "../schema.ts";
import { ConfigMapSchema, type ConfigMap } from "./config-map.ts";
import { ControllerRevisionSchema, type ControllerRevision } from "./controller-revision.ts";
import { DeploymentSchema, type Deployment } from "./deployment.ts";
import { EndpointSliceSchema, type EndpointSlice } from "./endpoint-slice.ts";
import { EndpointsSchema, type Endpoints } from "./endpoints.ts";
import { EventSchema, type Event } from "./event.ts";
import { IPAddressSchema, type IPAddress } from "./ip-address.ts";
import type { Kind } from "./kind.ts";
import { LeaseSchema, type Lease } from "./lease.ts";
import { NamespaceSchema, type Namespace } from "./namespace.ts";
import { NodeSchema, type Node } from "./node.ts";
import { PodSchema, type Pod } from "./pod.ts";
import { ReplicaSetSchema, type ReplicaSet } from "./replica-set.ts";
import { SecretSchema, type Secret } from "./secret.ts";
import { ServiceAccountSchema, type ServiceAccount } from "./service-account.ts";
import { ServiceCIDRSchema, type ServiceCIDR } from "./service-cidr.ts";
import { ServiceSchema, type Service } from "./service.ts";
import { StatefulSetSchema, type StatefulSet } from "./stateful-set.ts";

/** Kind names and the type of their objects. */
export interface KindTypes {
  Namespace: Namespace;
  Node: Node;
  Pod: Pod;
  Service: Service;
  EndpointSlice: EndpointSlice;
  Endpoints: Endpoints;
  ConfigMap: ConfigMap;
  Secret: Secret;
  ServiceAccount: ServiceAccount;
  Deployment: Deployment;
  ReplicaSet: ReplicaSet;
  StatefulSet: StatefulSet;
  ControllerRevision: ControllerRevision;
  Lease: Lease;
  Event: Event;
  IPAddress: IPAddress;
  ServiceCIDR: ServiceCIDR;
}

const APPS = "apps/v1";
const COORDINATION = "coordination.k8s.io/v1";
const DISCOVERY = "discovery.k8s.io/v1";
const NETWORKING = "networking.k8s.io/v1";

const cluster = { namespaced: false };
const withStatus = { status: true };
const inAll = { categories: ["all"], status: true };
const workload = { categories: ["all"], status: true, scale: true, generation: true };

/** THE table of kinds: routes, discovery, OpenAPI, storage keys and clients follow from it. */
export const Kinds: { readonly [K in keyof KindTypes]: Kind<KindTypes[K]> } = {
  Namespace: row("v1", ["namespaces", "ns"], NamespaceSchema, { ...cluster, ...withStatus }),
  Node: row("v1", ["nodes", "no"], NodeSchema, { ...cluster, ...withStatus }),
  Pod: row("v1", ["pods", "po"], PodSchema, inAll),
  Service: row("v1", ["services", "svc"], ServiceSchema, inAll),
  EndpointSlice: row(DISCOVERY, ["endpointslices"], EndpointSliceSchema, { generation: true }),
  Endpoints: row("v1", ["endpoints", "ep"], EndpointsSchema),
  ConfigMap: row("v1", ["configmaps", "cm"], ConfigMapSchema),
  Secret: row("v1", ["secrets"], SecretSchema),
  ServiceAccount: row("v1", ["serviceaccounts", "sa"], ServiceAccountSchema),
  Deployment: row(APPS, ["deployments", "deploy"], DeploymentSchema, workload),
  ReplicaSet: row(APPS, ["replicasets", "rs"], ReplicaSetSchema, workload),
  StatefulSet: row(APPS, ["statefulsets", "sts"], StatefulSetSchema, workload),
  ControllerRevision: row(APPS, ["controllerrevisions"], ControllerRevisionSchema),
  Lease: row(COORDINATION, ["leases"], LeaseSchema),
  Event: row("v1", ["events", "ev"], EventSchema),
  IPAddress: row(NETWORKING, ["ipaddresses", "ip"], IPAddressSchema, cluster),
  ServiceCIDR: row(NETWORKING, ["servicecidrs"], ServiceCIDRSchema, {
    ...cluster,
    ...withStatus,
  }),
};

/** apiVersion of a kind: `v1`, `apps/v1` … */
export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}

const byKind = new Map<string, Kind>();
const byPlural = new Map<string, Kind>();
for (const kind of Object.values(Kinds) as Kind[]) {
  byKind.set(`${apiVersionOf(kind)}/${kind.kind}`, kind);
  byPlural.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);
}

/** The kind that an object names, e.g. ('apps/v1', 'Deployment'); undefined when unknown. */
export function kindOf(apiVersion: string, kind: string): Kind | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

/** The kind behind a path, e.g. ('apps', 'v1', 'deployments'); undefined when unknown. */
export function kindByPlural(group: string, version: string, plural: string): Kind | undefined {
  return byPlural.get(`${group}/${version}/${plural}`);
}

type Traits = Partial<Pick<Kind, "namespaced" | "categories" | "status" | "scale" | "generation">>;

function row<T extends KubeObject>(
  apiVersion: string,
  [plural, ...shortNames]: readonly [string, ...string[]],
  schema: SchemaOf<T>,
  traits: Traits = {},
): Kind<T> {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const kind = titleOf(schema);
  return {
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames,
    categories: [],
    namespaced: true,
    schema,
    status: false,
    scale: false,
    generation: false,
    ...traits,
  };
}
