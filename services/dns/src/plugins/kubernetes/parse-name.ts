import { splitName } from "@kubehop/dns-wire";

/** What a name below a cluster zone asks for; a part is undefined when the name leaves it out. */
export interface ClusterName {
  /** Undefined for the apex, `svc` and `pod`, which exist and have nothing. */
  readonly root: "svc" | "pod" | undefined;
  readonly namespace?: string;
  /** For `pod`: the address with dashes. */
  readonly service?: string;
  readonly endpoint?: string;
  readonly port?: string;
  readonly protocol?: string;
  /** `ZONE.pin._zone.SERVICE…`: endpoints in that zone; with prefer all others if it has none. */
  readonly zonal?: { readonly zone: string; readonly mode: "pin" | "prefer" };
}

/**
 * Reads a name (lower case) in a zone it belongs to, by the grammar of CoreDNS' kubernetes plugin
 * (parse.go): `[ENDPOINT. | _PORT._PROTOCOL.]SERVICE.NAMESPACE.svc` or `IP.NAMESPACE.pod`.
 * Undefined for any other name: it does not exist.
 */
export function parseClusterName(name: string, zone: string): ClusterName | undefined {
  if (name.length === zone.length) return { root: undefined };
  const base = zone === "." ? name.slice(0, -1) : name.slice(0, -zone.length - 1);
  const labels = splitName(base);
  const root = labels.pop();
  if (root !== "svc" && root !== "pod") return undefined;
  const namespace = labels.pop();
  if (namespace === undefined) return { root: undefined };
  const service = labels.pop();
  if (service === undefined) return { root, namespace };
  const [first, second] = labels;
  if (first === undefined) return { root, namespace, service };
  if (second === undefined) return { root, namespace, service, endpoint: first };
  if (labels.length > 2) {
    const zonal = parseZonal(labels);
    return zonal === undefined ? undefined : { root, namespace, service, zonal };
  }
  const port = withoutUnderscore(first);
  return { root, namespace, service, port, protocol: withoutUnderscore(second) };
}

/** `ZONE.pin._zone`; a zone may have dots. */
function parseZonal(labels: readonly string[]): ClusterName["zonal"] {
  const [mode, anchor] = labels.slice(-2);
  if (anchor !== "_zone" || (mode !== "pin" && mode !== "prefer")) return undefined;
  return { zone: labels.slice(0, -2).join("."), mode };
}

/** The underscore is not required (CoreDNS). */
function withoutUnderscore(label: string): string {
  return label.startsWith("_") ? label.slice(1) : label;
}
