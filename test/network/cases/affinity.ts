import { waitFor } from "@kubehop/testkit";
import {
  askName,
  type CaseContext,
  clusterIpOf,
  isFailure,
  type NetworkCase,
  nodePortOf,
  reachable,
  servedBy,
  stuckTo,
} from "../support/case.ts";
import type { Prober, Target } from "../support/prober.ts";
import { HTTP_TCP, type Made } from "../support/situations.ts";

/** Session affinity by the client's IP. */
export const affinityCases: readonly NetworkCase[] = [
  ...(["clusterIP", "NodePort"] as const).flatMap((type): NetworkCase[] => {
    const spec = type === "NodePort" ? { type: "NodePort" as const } : {};
    const targetOf = (test: CaseContext, service: Made["service"]): Target =>
      type === "NodePort" ? nodePortOf(service, test.nodeIps[0]) : clusterIpOf(service);
    return [
      {
        title: `should have session affinity work for service with type ${type}`,
        async run(test) {
          const service = await test.service({ spec: { ...spec, sessionAffinity: "ClientIP" } });
          await reachable(test.clients[0], targetOf(test, service));
          await sticks(test.clients[0], targetOf(test, service));
        },
      },
      {
        title: `should have session affinity timeout work for service with type ${type}`,
        async run(test) {
          const service = await test.service({
            spec: {
              ...spec,
              sessionAffinity: "ClientIP",
              sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } },
            },
          });
          const target = targetOf(test, service);
          await reachable(test.clients[0], target);
          const first = await sticks(test.clients[0], target);
          // Each connection renews the time-out, so ask only after it has passed.
          await waitFor(
            async () => {
              await new Promise((resolve) => setTimeout(resolve, 2_500));
              const now = await askName(test.clients[0], target);
              return !isFailure(now) && now !== first;
            },
            { timeoutMs: 60_000 },
          );
        },
      },
      {
        title: `should be able to switch session affinity for service with type ${type}`,
        async run(test) {
          const service = await test.service({ spec });
          const target = targetOf(test, service);
          await servedBy(test.clients[0], target);
          await test.update(service, { sessionAffinity: "ClientIP" });
          await waitFor(() => stuckTo(test.clients[0], target), { timeoutMs: 60_000 });
          await test.update(service, { sessionAffinity: "None", sessionAffinityConfig: null });
          await servedBy(test.clients[0], target);
        },
      },
    ];
  }),
  {
    title: "should have session affinity of one port leave another port alone",
    async run(test) {
      const ports = [80, 81, 82, 83, 84, 85].map((port) => ({
        ...HTTP_TCP[0],
        name: `p${port}`,
        port,
      }));
      const service = await test.service({
        ports,
        spec: { sessionAffinity: "ClientIP" },
      });
      // Six ports agree by chance once in 243 times: then ask from another client.
      for (const client of test.clients) {
        const names = new Set<string>();
        for (const { port } of ports) {
          await reachable(client, clusterIpOf(service, port));
          names.add(await sticks(client, clusterIpOf(service, port)));
        }
        if (names.size > 1) return;
      }
      throw new Error("every port has the same endpoint");
    },
  },
  {
    title: "should have session affinity end with the endpoint",
    async run(test) {
      const labels = { app: test.id };
      await Promise.all([1, 2].map(() => test.pod({ labels })));
      const service = await test.service({
        selector: labels,
        spec: { sessionAffinity: "ClientIP" },
      });
      await reachable(test.clients[0], clusterIpOf(service));
      const first = await sticks(test.clients[0], clusterIpOf(service));
      await test.removePod(first, 0);
      await waitFor(async () => {
        const now = await askName(test.clients[0], clusterIpOf(service));
        return now !== first && now.startsWith(test.id);
      });
      await sticks(test.clients[0], clusterIpOf(service));
    },
  },
];

async function sticks(prober: Prober, target: Target): Promise<string> {
  return waitFor(() => stuckTo(prober, target), {
    timeoutMs: 60_000,
    describe: `${prober.name} to stick to one endpoint of ${target.host}`,
  });
}
