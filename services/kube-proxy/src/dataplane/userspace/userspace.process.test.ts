import { readdirSync } from "node:fs";
import { describeChurn } from "../testing/churn-spec.ts";
import { describeDataPlane } from "../testing/data-plane-spec.ts";
import { ENGINES } from "../testing/engines.ts";

for (const { engine, create } of ENGINES) {
  describeDataPlane(`userspace over ${engine}`, create, {
    clusterIpv6: "::1",
    udpRefused: "ECONNREFUSED",
    udpDropped: "nothing",
  });

  describeChurn(`userspace over ${engine}`, create, () => readdirSync("/proc/self/fd").length);
}
