import type { Pod } from "@kubehop/api";

/** Longest host name the kernel takes. */
const MAX_HOSTNAME = 63;

/** A pod's host name: spec.hostname, else its name, cut to 63 characters. */
export function podHostname(pod: Pod): string {
  const name = pod.spec.hostname ?? pod.metadata.name;
  return name.slice(0, MAX_HOSTNAME).replace(/[-.]+$/, "");
}

/** The name under a headless Service, when the pod has a subdomain; else undefined. */
export function podDomainName(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain } = pod.spec;
  if (!subdomain) return undefined;
  return `${podHostname(pod)}.${subdomain}.${pod.metadata.namespace ?? ""}.svc.${clusterDomain}`;
}

/**
 * A pod's /etc/hosts: loopback, its own name at its address, spec.hostAliases (text of
 * pkg/kubelet's managedHostsFileContent). A pod of the node's network gets the node's file.
 */
export function podHostsFile(
  pod: Pod,
  ips: readonly string[],
  node: { readonly clusterDomain: string; readonly hostsFile: string },
): string {
  const aliases = aliasLines(pod);
  if (pod.spec.hostNetwork === true) {
    return `# Kubernetes-managed hosts file (host network).\n${node.hostsFile}${aliases}`;
  }
  const names = [podDomainName(pod, node.clusterDomain), podHostname(pod)];
  const own = names.filter((name) => name !== undefined).join("\t");
  return [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "fe00::\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...ips.map((ip) => `${ip}\t${own}`),
    aliases,
  ].join("\n");
}

function aliasLines(pod: Pod): string {
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length === 0) return "";
  const lines = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join("\t")}`);
  return `\n# Entries added by HostAliases.\n${lines.join("\n")}\n`;
}
