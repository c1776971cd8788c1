import {
  type EndpointSlice,
  Kinds,
  type Namespace,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import type { RestClient } from "@kubehop/client";
import { REJECTIONS, type TracedLookup, type TracedQuery } from "@kubehop/trace";
import { closestWord } from "../explain/closest-word.ts";
import { type ClusterName, parseClusterName } from "./cluster-name.ts";

/** What the answers are compared with. */
export interface NameCluster {
  readonly namespaces: readonly Namespace[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

/** Why a name got its answers: queries for several types have mostly the same reason. */
export interface StepExplanation {
  readonly name: string;
  readonly queries: readonly TracedQuery[];
  /** Each once, in the order of the queries. */
  readonly reasons: readonly string[];
}

/** Why a look-up ended as it did; a step for each name, in the order they were asked for. */
export interface NameExplanation {
  readonly steps: readonly StepExplanation[];
  /** What to know or to do, most useful first. */
  readonly notes: readonly string[];
}

/** Reads what names are made from. */
export async function readNameCluster(rest: RestClient): Promise<NameCluster> {
  const [namespaces, services, slices] = await Promise.all([
    rest.list(Kinds.Namespace),
    rest.list(Kinds.Service),
    rest.list(Kinds.EndpointSlice),
  ]);
  return { namespaces: namespaces.items, services: services.items, slices: slices.items };
}

/** Explains each step of a look-up by the objects its name stands for. Pure. */
export function explainName(
  { report, queries }: TracedLookup,
  cluster: NameCluster,
): NameExplanation {
  const domain = domainOf(report.resolvConf.search);
  const byName = Map.groupBy(queries, ({ name }) => name);
  const steps = [...byName].map(([name, asked]) => {
    const reasons = asked.map((query) => reasonOf(query, { cluster, domain }));
    return { name, queries: asked, reasons: [...new Set(reasons)] };
  });
  return { steps, notes: notesOf({ report, queries }, cluster) };
}

/** The cluster's domain is what stands behind `svc.` in the search list. */
function domainOf(search: readonly string[]): string {
  return search.find((entry) => entry.startsWith("svc."))?.slice(4) ?? "cluster.local";
}

interface ReasonContext {
  readonly cluster: NameCluster;
  readonly domain: string;
}

function reasonOf(query: TracedQuery, { cluster, domain }: ReasonContext): string {
  if (query.rcode === undefined) return silenceOf(query);
  const name = parseClusterName(query.name, domain);
  if (name.kind === "outside") return outsideReason(query);
  if (name.kind === "reverse") return reverseReason(query);
  if (query.rcode === "SERVFAIL") {
    return "the DNS server failed: it has no view of the cluster yet, or its upstream did not answer";
  }
  return clusterReason(name, query, cluster);
}

function silenceOf({ proxy, error = "timeout" }: TracedQuery): string {
  if (proxy?.type === "rejected") return REJECTIONS[proxy.reason];
  if (proxy === undefined) return `${error}; no kube-proxy told of this query`;
  return `${error}: the DNS pod at ${proxy.endpoint.ip} did not answer`;
}

function outsideReason({ rcode, resolved }: TracedQuery): string {
  const plugin = resolved?.plugin ?? "forward";
  if (rcode === "NOERROR" || rcode === "NXDOMAIN") {
    return `outside the cluster's domain; plugin ${plugin} answered ${rcode}`;
  }
  return `outside the cluster's domain, and the upstream of plugin forward cannot be reached`;
}

function reverseReason({ rcode, answers }: TracedQuery): string {
  return rcode === "NOERROR" && answers.length > 0
    ? "the address belongs to a Service, or to a ready endpoint of a headless one"
    : "no Service has the address, and no ready endpoint of a headless Service";
}

function clusterReason(name: ClusterName, query: TracedQuery, cluster: NameCluster): string {
  switch (name.kind) {
    case "unknown":
      return "no record has this shape: SERVICE.NAMESPACE.svc, HOSTNAME.SERVICE.NAMESPACE.svc …";
    case "namespace":
      return hasNamespace(cluster, name.namespace)
        ? "it names a namespace, which has no record"
        : noNamespace(name.namespace);
    case "pod":
      return podReason(name.address, query);
    case "outside":
    case "reverse":
      return "";
    default:
      return serviceReason(name, query, cluster);
  }
}

function podReason(address: string, { rcode }: TracedQuery): string {
  return rcode === "NOERROR"
    ? `the address in the name, ${address}, is the answer (kubernetes option pods)`
    : `${address} is no pod address, or the option pods is disabled`;
}

type ServiceName = Extract<ClusterName, { service: string }>;

function serviceReason(name: ServiceName, query: TracedQuery, cluster: NameCluster): string {
  const { service: wanted, namespace } = name;
  if (!hasNamespace(cluster, namespace)) return noNamespace(namespace);
  const service = findService(cluster, namespace, wanted);
  if (service === undefined) return `there is no Service "${wanted}" in namespace ${namespace}`;
  if (name.kind === "port") return portReason(name, service, query);
  const ready = readyEndpoints(cluster, service);
  if (name.kind === "endpoint") {
    const { hostname } = name;
    return query.rcode === "NOERROR"
      ? `endpoint ${hostname} of Service ${namespace}/${wanted}`
      : `Service ${namespace}/${wanted} has no ready endpoint with hostname "${hostname}"`;
  }
  return addressReason(service, query, ready);
}

function addressReason({ metadata, spec }: Service, query: TracedQuery, ready: number): string {
  const title = `Service ${metadata.namespace}/${metadata.name}`;
  if (spec.type === "ExternalName") return `${title} is an alias of ${spec.externalName}`;
  if (spec.clusterIP === "None") {
    return ready === 0
      ? `${title} is headless and has no ready endpoint`
      : `${title} is headless: its ready endpoints (${ready})`;
  }
  const family = query.type === "AAAA" ? "IPv6" : "IPv4";
  const has = (spec.clusterIPs ?? []).some((ip) => ip.includes(":") === (family === "IPv6"));
  const isAddress = query.type === "A" || query.type === "AAAA";
  if (isAddress && !has) return `${title} exists, but has no ${family} address`;
  return query.answers.length > 0
    ? `${title} has this cluster IP`
    : `${title} exists, but has no ${query.type} record`;
}

function portReason(
  { port, protocol }: Extract<ClusterName, { kind: "port" }>,
  { metadata, spec }: Service,
  { type, answers }: TracedQuery,
): string {
  const title = `Service ${metadata.namespace}/${metadata.name}`;
  const ports = spec.ports ?? [];
  const wanted = protocol.toUpperCase();
  const found = ports.some((one) => one.name === port && (one.protocol ?? "TCP") === wanted);
  if (!found) {
    const named = ports.flatMap(({ name = "" }) => (name === "" ? [] : [name]));
    return `${title} has no ${wanted} port named "${port}"; its port names: ${named.join(", ") || "none"}`;
  }
  const text = `${title} has a ${wanted} port named "${port}"`;
  return answers.length > 0 ? text : `${text}, but no ${type} record of it`;
}

function readyEndpoints({ slices }: NameCluster, { metadata }: Service): number {
  return slices
    .filter(
      ({ metadata: own }) =>
        own.namespace === metadata.namespace && own.labels?.[SERVICE_NAME_LABEL] === metadata.name,
    )
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false).length;
}

function hasNamespace({ namespaces }: NameCluster, wanted: string): boolean {
  return namespaces.some(({ metadata }) => metadata.name === wanted);
}

function noNamespace(wanted: string): string {
  return `there is no namespace "${wanted}"`;
}

function findService(
  { services }: NameCluster,
  namespace: string,
  name: string,
): Service | undefined {
  return services.find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
  );
}

function notesOf(
  { report, queries }: Pick<TracedLookup, "report" | "queries">,
  cluster: NameCluster,
): string[] {
  const { question, name, failure } = report;
  if (failure !== undefined) return suggestions(question, cluster);
  const asked = new Set(queries.map((query) => query.name)).size;
  if (name === undefined || asked < 2 || question.endsWith(".")) return [];
  const count = queries.length;
  return [
    `${asked} names were asked for (${count} queries) until one had an answer; "${name}." with a dot at its end is found at once.`,
  ];
}

/** What was probably meant: another namespace, or another spelling. */
function suggestions(question: string, { services, namespaces }: NameCluster): string[] {
  const [first = "", second] = question.replace(/\.$/, "").split(".");
  const names = services.map(({ metadata }) => metadata.name);
  const notes: string[] = [];
  const elsewhere = services.filter(({ metadata }) => metadata.name === first);
  for (const { metadata } of elsewhere.slice(0, 3)) {
    if (metadata.namespace !== second) {
      notes.push(
        `There is a Service ${first} in namespace ${metadata.namespace}: ask for ${first}.${metadata.namespace}`,
      );
    }
  }
  const similar = closestWord(first, new Set(names));
  if (elsewhere.length === 0 && similar !== undefined) {
    notes.push(`There is a Service ${similar}: a misspelling?`);
  }
  const namespace =
    second === undefined
      ? undefined
      : closestWord(
          second,
          namespaces.map(({ metadata }) => metadata.name),
        );
  if (namespace !== undefined) notes.push(`There is a namespace ${namespace}: a misspelling?`);
  return notes;
}
