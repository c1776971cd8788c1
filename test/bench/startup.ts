import { startLab } from "../support/test-lab.ts";
import { fetchUrl } from "../support/client-pod.ts";
import { EXAMPLES } from "../support/paths.ts";
import { percentile } from "./percentile.ts";
import type { BenchRow } from "./row.ts";

const RUNS = 3;

/**
 * From nothing to a cluster in use, three nodes: everything ready (addons, four pods), then the first
 * request by name from a pod, DNS answer and HTTP 200.
 */
export async function run(): Promise<BenchRow[]> {
  const ready: number[] = [];
  const answered: number[] = [];
  for (let round = 0; round < RUNS; round += 1) {
    const started = performance.now();
    await using lab = await startLab({
      nodes: 3,
      files: [`${EXAMPLES}/my-api.yaml`, `${EXAMPLES}/client.yaml`],
    });
    ready.push((performance.now() - started) / 1_000);
    const { response } = await fetchUrl(lab, "http://my-api/hello");
    if (response?.status !== 200) throw new Error("the first request was not answered");
    answered.push((performance.now() - started) / 1_000);
  }
  return [
    {
      name: `start, 3 nodes, all pods ready (median of ${RUNS})`,
      unit: "s",
      value: percentile(ready, 50),
    },
    {
      name: "start, first in-pod DNS answer and HTTP 200",
      unit: "s",
      value: percentile(answered, 50),
    },
  ];
}
