import { readdirSync } from "node:fs";
import { describeChurn } from "../testing/churn-spec.ts";
import { describeDataPlane } from "../testing/data-plane-spec.ts";
import { createUserspaceDataPlane } from "./index.ts";

describeDataPlane("userspace", createUserspaceDataPlane, {
  clusterIpv6: "::1",
  udpRefused: "ECONNREFUSED",
  udpDropped: "nothing",
});

describeChurn("userspace", createUserspaceDataPlane, () => readdirSync("/proc/self/fd").length);
