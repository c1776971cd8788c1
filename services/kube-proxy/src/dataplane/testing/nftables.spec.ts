import { createKernelDataPlane } from "../kernel/index.ts";
import { createNftablesSyncer } from "../nftables/index.ts";
import type { DataPlaneOptions } from "../dataplane.ts";
import { describeChurn } from "./churn-spec.ts";
import { describeDataPlane } from "./data-plane-spec.ts";
import { linesOf, SANDBOX_IPV6 } from "./sandbox.ts";

const create = (options: DataPlaneOptions) => createKernelDataPlane(options, createNftablesSyncer);

describeDataPlane("nftables", create, {
  clusterIpv6: SANDBOX_IPV6,
  udpRefused: "EPERM",
  udpDropped: "EPERM",
});

describeChurn("nftables", create, () => linesOf("nft", "list", "table", "ip", "kube-proxy"));
