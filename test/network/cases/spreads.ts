import { clusterIpOf, type NetworkCase, reachable } from "../support/case.ts";
import { checkShares, echoIps, weightedEndpoints } from "./endpoints.ts";

/** How many connections each case makes: by itself enough to tell a share that is off by a tenth. */
const CONNECTIONS = Number(process.env["NETWORK_CONNECTIONS"] ?? 6_000);
/**
 * While the kernel remembers a closed connection (120 s), a new one from the same port to the same
 * address goes to the same endpoint without a draw. With several ports of the Service no client's
 * port comes twice.
 */
const PORTS = [80, 81, 82, 83, 84, 85];

/** New connections in large numbers, against the shares they should have. */
export const spreadCases: readonly NetworkCase[] = (
  [
    ["equal weights", [1, 1, 1]],
    ["weights 1, 2, 3", [1, 2, 3]],
  ] as const
).map(([what, shares], index): NetworkCase => ({
  title: `should spread many connections by ${what}`,
  async run(test) {
    const ports = PORTS.map((port) => ({ name: `p${port}`, port, protocol: "TCP" as const }));
    const service = await test.service({ ports, selector: null });
    await test.slice({
      service: service.metadata.name,
      ports: ports.map(({ name, protocol }) => ({ name, protocol, port: 8080 })),
      ...weightedEndpoints(await echoIps(test), shares),
    });
    // A try before the rules are there is remembered just so: let the node do it, not the client.
    const node = test.nodes[index] ?? test.nodes[0];
    for (const port of PORTS) await reachable(node, clusterIpOf(service, port));
    const begun = performance.now();
    // A client of its own: from one port to one endpoint by way of two Services, the timestamps of
    // TCP may run backwards, and then the endpoint takes the connection for an old one.
    const counts = await (test.clients[index] ?? test.outside).spread({
      host: clusterIpOf(service).host,
      ports: PORTS,
      count: CONNECTIONS,
      concurrency: 32,
    });
    const seconds = (performance.now() - begun) / 1_000;
    const line = `${CONNECTIONS} connections, ${what}, ${seconds.toFixed(1)} s`;
    process.stdout.write(`${test.mode}: ${line}: ${JSON.stringify(counts)}\n`);
    checkShares(counts, shares);
  },
}));
