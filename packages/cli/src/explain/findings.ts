import {
  formatLabelSelector,
  type Pod,
  selectorFromMap,
  SERVICE_PROXY_NAME_LABEL,
} from "@kubehop/api";
import { closestWord } from "./closest-word.ts";
import { declaredPorts, selectedPods } from "./endpoints.ts";
import type { ExplainedCluster } from "./explained-cluster.ts";
import type { Finding, PortExplanation, ServiceExplanation } from "./explanation.ts";

/** An explanation before its findings. */
export type Findable = Omit<ServiceExplanation, "findings">;

const ORDER = ["error", "warning", "info"];

/** What is wrong with a Service, or worth knowing: the worst first. */
export function findingsOf(explanation: Findable, cluster: ExplainedCluster): Finding[] {
  const findings = [
    ...kindFindings(explanation, cluster),
    ...selectorFindings(cluster),
    ...explanation.ports.flatMap((port) => portFindings(port, explanation, cluster)),
    ...tableFindings(explanation),
  ];
  return findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

function kindFindings({ service }: Findable, cluster: ExplainedCluster): Finding[] {
  const { name, namespace, externalName, clusterIPs } = service;
  if (service.type === "ExternalName") {
    const message = `DNS answers ${name}.${namespace} with a CNAME to ${externalName}; no proxy takes part.`;
    return [{ severity: "info", code: "ExternalName", message }];
  }
  const proxy = cluster.service.metadata.labels?.[SERVICE_PROXY_NAME_LABEL];
  if (proxy !== undefined) {
    const message = `The label ${SERVICE_PROXY_NAME_LABEL} leaves it to the proxy "${proxy}"; kube-proxy does not serve it.`;
    return [{ severity: "warning", code: "OtherProxy", message }];
  }
  if (!clusterIPs.includes("None")) return [];
  const message =
    "It is headless: DNS answers with the endpoints' addresses and clients connect to them without a proxy.";
  return [{ severity: "info", code: "Headless", message }];
}

function selectorFindings(cluster: ExplainedCluster): Finding[] {
  const { service, slices, pods } = cluster;
  const { selector = {}, type } = service.spec;
  if (type === "ExternalName" || selectedPods(cluster).length > 0) return [];
  if (Object.keys(selector).length === 0) {
    if (slices.length > 0) return [];
    const message = "It has no selector, and nobody has made EndpointSlices for it.";
    const next = `Create one with the label kubernetes.io/service-name=${service.metadata.name}.`;
    return [{ severity: "error", code: "NoEndpointSlices", message, next }];
  }
  const text = formatLabelSelector(selectorFromMap(selector));
  const message = `The selector ${text} matches no pod of namespace ${service.metadata.namespace}.`;
  const next = nearMiss(selector, pods);
  return [{ severity: "error", code: "SelectorMatchesNothing", message, ...(next && { next }) }];
}

/** Which label was probably misspelt: its key, or the value of a key that pods do have. */
function nearMiss(selector: Readonly<Record<string, string>>, pods: readonly Pod[]): string {
  for (const [key, value] of Object.entries(selector)) {
    const labels = pods.map(({ metadata }) => metadata.labels ?? {});
    const values = new Set(labels.flatMap((one) => one[key] ?? []));
    if (values.has(value)) continue;
    const similarValue = closestWord(value, values);
    if (similarValue !== undefined) return `Pods have ${key}=${similarValue}: a misspelling?`;
    const similarKey = closestWord(key, new Set(labels.flatMap(Object.keys)));
    if (similarKey !== undefined) return `Pods have a label ${similarKey}: a misspelling?`;
    if (values.size > 0) return `Pods have ${key}=${[...values].slice(0, 5).join(", ")}.`;
    return `No pod has a label ${key}: see kubectl get pods --show-labels.`;
  }
  return "Each label is on some pod, but no pod has them all.";
}

function portFindings(
  port: PortExplanation,
  { service, node }: Findable,
  cluster: ExplainedCluster,
): Finding[] {
  const title = `Port ${port.name === "" ? port.port : port.name}`;
  return [
    ...targetFindings(port, title, cluster),
    ...servingFindings(port, title, { node, isHeadless: service.clusterIPs.includes("None") }),
  ];
}

function targetFindings(
  { targetPort, protocol }: PortExplanation,
  title: string,
  cluster: ExplainedCluster,
): Finding[] {
  const pods = selectedPods(cluster);
  const declared = new Set(pods.flatMap((pod) => [...declaredPorts(pod)]));
  if (pods.length === 0 || declared.has(String(targetPort))) return [];
  if (typeof targetPort === "string") {
    const similar = closestWord(targetPort, declared);
    const message = `${title}: no selected pod has a ${protocol} port named "${targetPort}".`;
    const named = [...declared].filter((word) => word !== "" && !/^\d+$/.test(word));
    const next =
      similar === undefined
        ? `Their port names: ${named.join(", ") || "none"}.`
        : `They have one named "${similar}".`;
    return [{ severity: "error", code: "NamedPortMissing", message, next }];
  }
  const numbers = [...declared].filter((word) => /^\d+$/.test(word));
  if (numbers.length === 0) return [];
  const message = `${title}: targetPort is ${targetPort}, but the pods' containers declare ${numbers.join(", ")}.`;
  const next = "Unless something listens there all the same, connections will be refused.";
  return [{ severity: "warning", code: "PortMismatch", message, next }];
}

function servingFindings(
  { endpoints, policy }: PortExplanation,
  title: string,
  { node, isHeadless }: { readonly node: string; readonly isHeadless: boolean },
): Finding[] {
  const serving = endpoints.some(({ state }) => state === "Serving" || state === "ServingLast");
  const listed = endpoints.filter(({ state }) => state !== "Finished");
  if (serving || listed.length === 0) return [];
  const elsewhere = endpoints.filter(({ state }) => state === "NotLocal");
  if (policy === "Local" && elsewhere.length > 0) {
    const nodes = [...new Set(elsewhere.flatMap((endpoint) => endpoint.node ?? []))];
    const message = `${title}: the policy is Local and ${node} has no ready endpoint.`;
    const next = `Clients on ${nodes.join(", ")} are served.`;
    return [{ severity: "error", code: "NoLocalEndpoints", message, next }];
  }
  if (listed.every(({ state }) => state === "WeightZero")) {
    const message = `${title}: every ready endpoint has weight 0.`;
    const next = "Set the pods' annotation kubehop.dev/weight to more than 0.";
    return [{ severity: "error", code: "AllWeightsZero", message, next }];
  }
  const effect = isHeadless ? "DNS answers without an address" : "connections are refused";
  const message = `${title}: none of ${count(listed.length)} is ready, so ${effect}.`;
  return [{ severity: "error", code: "NoReadyEndpoints", message, next: "See the reasons above." }];
}

function tableFindings({ tables, service }: Findable): Finding[] {
  if (service.type === "ExternalName") return [];
  return tables.flatMap(({ node, resourceVersion, state }): Finding[] => {
    if (state === "current") return [];
    if (state === "silent") {
      const message = `The kube-proxy of ${node} does not say what it serves.`;
      const next = "It may be down or cut off: kubehop status, kubehop logs kube-proxy.";
      return [{ severity: "warning", code: "ProxySilent", message, next }];
    }
    const message = `The table of ${node} is from resourceVersion ${resourceVersion}, before the last change of this Service.`;
    const next = "Ask again: if it stays, the proxy has lost its watch.";
    return [{ severity: "warning", code: "StaleTable", message, next }];
  });
}

function count(endpoints: number): string {
  return endpoints === 1 ? "1 endpoint" : `${endpoints} endpoints`;
}
