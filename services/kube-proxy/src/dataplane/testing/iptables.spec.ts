import { createIptablesSyncer } from "../iptables/index.ts";
import { createKernelDataPlane } from "../kernel/index.ts";
import type { DataPlaneOptions } from "../dataplane.ts";
import { describeChurn } from "./churn-spec.ts";
import { describeDataPlane } from "./data-plane-spec.ts";
import { linesOf, SANDBOX_IPV6 } from "./sandbox.ts";

const create = (options: DataPlaneOptions) => createKernelDataPlane(options, createIptablesSyncer);

describeDataPlane("iptables", create, {
  clusterIpv6: SANDBOX_IPV6,
  udpRefused: "EPERM",
  udpDropped: "EPERM",
});

describeChurn(
  "iptables",
  create,
  () => linesOf("iptables-legacy-save") + linesOf("iptables-nft-save"),
);
