import { createKernelDataPlane } from "../kernel/index.ts";
import { createNftablesSyncer } from "../nftables/index.ts";
import { describeDataPlane } from "./data-plane-spec.ts";
import { SANDBOX_IPV6 } from "./sandbox.ts";

describeDataPlane("nftables", (options) => createKernelDataPlane(options, createNftablesSyncer), {
  clusterIpv6: SANDBOX_IPV6,
  udpRefused: "EPERM",
  udpDropped: "EPERM",
});
