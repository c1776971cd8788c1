import type { TestLab } from "../support/test-lab.ts";
import { runLoad } from "../support/client-pod.ts";
import { podsReady } from "../support/cluster.ts";
import type { BenchOptions, BenchRow } from "./row.ts";

const PEER = "pod address, no Service";

/**
 * What the two hops cost a client pod that opens a connection for each request: by Service name
 * (DNS and proxy), by ClusterIP (proxy only), beside the pod's own address (neither).
 */
export async function run(lab: TestLab, { seconds }: BenchOptions): Promise<BenchRow[]> {
  const [pod] = await podsReady(lab, "app=my-api", 3);
  const measure = (url: string) =>
    runLoad(lab, [
      "--url",
      url,
      "--requests",
      "5000",
      "--concurrency",
      "1",
      "--duration",
      `${seconds}s`,
    ]);
  const direct = await measure(`http://${pod?.status?.podIP}:8080/hello`);
  const byAddress = await measure("http://10.96.0.50/hello");
  const byName = await measure("http://my-api/hello");
  return [
    row("request to a ClusterIP, p50", byAddress.latencyMs.p50, direct.latencyMs.p50),
    row("request to a ClusterIP, p99", byAddress.latencyMs.p99, direct.latencyMs.p99),
    row("request by Service name, p50", byName.latencyMs.p50, direct.latencyMs.p50),
    row("request by Service name, p99", byName.latencyMs.p99, direct.latencyMs.p99),
  ];
}

function row(name: string, value: number, direct: number): BenchRow {
  return { name, unit: "ms", value, peer: { name: PEER, value: direct } };
}
