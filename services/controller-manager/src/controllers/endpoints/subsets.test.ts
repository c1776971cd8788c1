import { describe, expect, it } from "vitest";
import { podOf, serviceOf } from "../../testing/objects.ts";
import { planSubsets } from "./subsets.ts";

const pod = (host: number, traits: Parameters<typeof podOf>[0] = {}): ReturnType<typeof podOf> =>
  podOf({ ip: `10.244.0.${host}`, node: "node-1", name: `pod-${host}`, ...traits });
const ips = (addresses: readonly { ip: string }[] | undefined): string[] | undefined =>
  addresses?.map(({ ip }) => ip);

describe("planSubsets", () => {
  it("groups by ports, tells ready from not ready, leaves out terminating pods", () => {
    const other = pod(4, {
      spec: { containers: [{ name: "main", ports: [{ name: "http", containerPort: 9090 }] }] },
    });
    const pods = [pod(2), pod(1), pod(3, { ready: false }), other, pod(5, { deleting: true })];
    const { subsets, truncated } = planSubsets(serviceOf(), pods, 1_000);
    expect(truncated).toBe(false);
    expect(
      subsets.map(({ addresses, notReadyAddresses, ports }) => [
        ips(addresses),
        ips(notReadyAddresses),
        ports?.map(({ port }) => port),
      ]),
    ).toEqual([
      [["10.244.0.1", "10.244.0.2"], ["10.244.0.3"], [8080]],
      [["10.244.0.4"], undefined, [9090]],
    ]);
  });

  it("counts every pod as ready when asked to publish all", () => {
    const service = serviceOf({ publishNotReadyAddresses: true });
    const { subsets } = planSubsets(
      service,
      [pod(1, { ready: false }), pod(2, { deleting: true })],
      10,
    );
    expect(ips(subsets[0]?.addresses)).toEqual(["10.244.0.1", "10.244.0.2"]);
  });

  it("keeps ready addresses first when there are too many", () => {
    const pods = [1, 2, 3, 4, 5].map((host) => pod(host, { ready: host > 2 }));
    const { subsets, truncated } = planSubsets(serviceOf(), pods, 4);
    expect(truncated).toBe(true);
    expect(ips(subsets[0]?.addresses)).toEqual(["10.244.0.3", "10.244.0.4", "10.244.0.5"]);
    expect(subsets[0]?.notReadyAddresses).toHaveLength(1);
  });

  it("lists addresses of a headless Service without ports", () => {
    const service = serviceOf({ clusterIP: "None", ports: [] });
    expect(planSubsets(service, [pod(1)], 10).subsets).toMatchObject([
      { addresses: [{ ip: "10.244.0.1" }] },
    ]);
  });
});
