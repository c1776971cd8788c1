import { hashOf } from "../hash.ts";
import type { ServiceView } from "../service-view.ts";

const LENGTH = 16;

/** The chains of one service port (upstream: pkg/proxy/iptables/proxier.go, portProtoHash). */
export interface ServiceChains {
  /** Endpoints of the policy Cluster. */
  readonly cluster: string;
  /** Endpoints of the policy Local. */
  readonly local: string;
  /** Where flows to addresses outside the cluster IP come in. */
  readonly external: string;
  /** Lets only loadBalancerSourceRanges go on. */
  readonly firewall: string;
}

/** Names the chains of a service port; chain names are at most 28 characters long. */
export function serviceChains({ name, protocol }: ServiceView): ServiceChains {
  const hash = hashOf(`${name}${protocol}`, LENGTH);
  return {
    cluster: `KUBE-SVC-${hash}`,
    local: `KUBE-SVL-${hash}`,
    external: `KUBE-EXT-${hash}`,
    firewall: `KUBE-FW-${hash}`,
  };
}

/** Names the chain of one endpoint (its key) of a service port. */
export function endpointChain({ name, protocol }: ServiceView, endpointKey: string): string {
  return `KUBE-SEP-${hashOf(`${name}${protocol}${endpointKey}`, LENGTH)}`;
}
