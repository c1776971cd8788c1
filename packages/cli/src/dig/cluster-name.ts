/** What a name below a cluster's domain asks for (Kubernetes DNS specification 1.1.0). */
export type ClusterName =
  | { readonly kind: "outside" }
  /** `NAMESPACE.svc.DOMAIN`, or fewer labels: names without records of their own. */
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "service"; readonly service: string; readonly namespace: string }
  /** `HOSTNAME.SERVICE.NAMESPACE.svc.DOMAIN` */
  | {
      readonly kind: "endpoint";
      readonly hostname: string;
      readonly service: string;
      readonly namespace: string;
    }
  /** `_PORT._PROTOCOL.SERVICE.NAMESPACE.svc.DOMAIN` */
  | {
      readonly kind: "port";
      readonly port: string;
      readonly protocol: string;
      readonly service: string;
      readonly namespace: string;
    }
  /** `1-2-3-4.NAMESPACE.pod.DOMAIN` */
  | { readonly kind: "pod"; readonly address: string; readonly namespace: string }
  /** An address, from below in-addr.arpa or ip6.arpa. */
  | { readonly kind: "reverse" }
  /** Below the domain, but of no shape that has records. */
  | { readonly kind: "unknown" };

/** Reads a name, with or without its last dot, in any letter case. */
export function parseClusterName(name: string, domain: string): ClusterName {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (/(?:^|\.)(?:in-addr|ip6)\.arpa$/.test(lower)) return { kind: "reverse" };
  if (!lower.endsWith(`.${domain}`)) return { kind: "outside" };
  const labels = lower.slice(0, -domain.length - 1).split(".");
  const zone = labels.pop();
  if (zone === "svc") return parseServiceName(labels);
  const [address, namespace] = labels;
  const isPod = zone === "pod" && labels.length === 2;
  if (!isPod || address === undefined || namespace === undefined) return { kind: "unknown" };
  return { kind: "pod", address, namespace };
}

function parseServiceName(labels: readonly string[]): ClusterName {
  const [namespace, service, third, fourth] = labels.toReversed();
  if (namespace === undefined || labels.length > 4) return { kind: "unknown" };
  if (service === undefined) return { kind: "namespace", namespace };
  if (third === undefined) return { kind: "service", service, namespace };
  if (fourth === undefined) return { kind: "endpoint", hostname: third, service, namespace };
  const isPort = fourth.startsWith("_") && third.startsWith("_");
  if (!isPort) return { kind: "unknown" };
  return { kind: "port", port: fourth.slice(1), protocol: third.slice(1), service, namespace };
}
