import { createIptablesSyncer } from "../iptables/index.ts";
import { createKernelDataPlane } from "../kernel/index.ts";
import { describeDataPlane } from "./data-plane-spec.ts";
import { SANDBOX_IPV6 } from "./sandbox.ts";

describeDataPlane("iptables", (options) => createKernelDataPlane(options, createIptablesSyncer), {
  clusterIpv6: SANDBOX_IPV6,
  udpRefused: "EPERM",
  udpDropped: "EPERM",
});
