import type { NetworkMode } from "../support/network-cluster.ts";

const OWN_CONNECTION =
  "the forwarder's connection to the endpoint is its own, so endpoints see the node's address";
const HANDSHAKE = "a process cannot drop a handshake: the client is refused at once instead";

const NO_RULE =
  "upstream's iptables mode has no rule for it either: the packet goes wherever routes lead";

/** What a mode cannot do, by the case's title, and why. Everything else runs. */
export const CANNOT: Readonly<Record<NetworkMode, Readonly<Record<string, string>>>> = {
  userspace: {
    "should preserve source pod IP for traffic thru service cluster IP": OWN_CONNECTION,
    "should keep the client's IP with externalTrafficPolicy=Local": OWN_CONNECTION,
    "should drop, not refuse, with internalTrafficPolicy=Local and no local endpoint": HANDSHAKE,
    "should drop clients outside the service loadbalancer source ranges": HANDSHAKE,
    "should recreate its rules if they are deleted": "it has no rules in the kernel",
    "should keep forwarding while no kube-proxy runs": "this process forwards",
    "should not answer on a cluster IP that no Service has":
      "the node's own stack refuses there (AnyIP), as it must for the mode to listen at all",
  },
  nftables: {
    "should say when an address cannot be bound": "nothing is bound: rules come before sockets",
    "should go to another endpoint when one refuses": "the kernel does not try again",
  },
  iptables: {
    "should say when an address cannot be bound": "nothing is bound: rules come before sockets",
    "should go to another endpoint when one refuses": "the kernel does not try again",
    "should refuse a port that the Service does not have": NO_RULE,
    "should not answer on a cluster IP that no Service has": NO_RULE,
  },
};
