import type { Endpoint, ServiceSpec } from "@kubehop/api";
import {
  buildTable,
  candidatesOf,
  decide,
  type Frontend,
  NO_AFFINITY,
  type ServiceTable,
} from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIptables, type Ruleset } from "../testing/iptables-rules.ts";
import { distributionOf, flipper, tracePacket } from "../testing/iptables-tracer.ts";
import { GOLDEN_OPTIONS, goldenTable } from "../testing/golden-table.ts";
import { renderIptables } from "./index.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };
const LOCAL_IPS = new Set([...NODE.addresses, "127.0.0.1"]);
const OUTSIDER = "198.51.100.9";
const POD = "10.244.9.9";
const CLIENTS = [OUTSIDER, POD, NODE.addresses[0] ?? ""];

interface Model {
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly protocol: "TCP" | "UDP";
  readonly named: boolean;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly externalTrafficPolicy: "Cluster" | "Local";
  readonly sessionAffinity: "ClientIP" | "None";
  readonly endpoints: readonly EndpointModel[];
}

interface EndpointModel {
  readonly node: number;
  readonly weight: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

const policy = fc.constantFrom<"Cluster" | "Local">("Cluster", "Local");
const model: fc.Arbitrary<Model> = fc.record({
  type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
  protocol: fc.constantFrom("TCP", "UDP"),
  named: fc.boolean(),
  internalTrafficPolicy: policy,
  externalTrafficPolicy: policy,
  sessionAffinity: fc.constantFrom("ClientIP", "None"),
  endpoints: fc.array(
    fc.record({
      node: fc.integer({ min: 1, max: 2 }),
      weight: fc.integer({ min: 0, max: 4 }),
      ready: fc.boolean(),
      serving: fc.boolean(),
      terminating: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
});
const tables = fc.array(model, { maxLength: 4 }).map(tableOf);

describe("the rendered rules", () => {
  test("send flows to the endpoints that decide() names, as often, and refuse as it does", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const rules = parseIptables(renderIptables(table, GOLDEN_OPTIONS));
        for (const frontend of table.frontends.values()) {
          for (const client of CLIENTS) {
            const shares = tracedShares(rules, frontend, client);
            const expected = decidedShares(table, frontend, client);
            expect([...shares.keys()].sort()).toEqual([...expected.keys()].sort());
            for (const [outcome, share] of expected) {
              expect(shares.get(outcome)).toBeCloseTo(share, 8);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test("have a rule for every address of the table, and for no other", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const text = renderIptables(table, GOLDEN_OPTIONS);
        const ruled = [...text.matchAll(ADDRESS_RULE)].map(
          ([, protocol = "", ip = "node", port = ""]) => `${protocol} ${ip} ${port}`,
        );
        const served = [...table.frontends.values()].map(({ kind, protocol, ip, port }) => {
          return `${protocol.toLowerCase()} ${kind === "NodePort" ? "node" : ip} ${port}`;
        });
        expect([...new Set(ruled)].sort()).toEqual(served.sort());
      }),
    );
  });

  test("jump only to chains that exist, and have no chain that nothing jumps to", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const nat = renderIptables(table, GOLDEN_OPTIONS).split("*nat")[1] ?? "";
        const ofServices = (pattern: RegExp): string[] =>
          [...new Set([...nat.matchAll(pattern)].map(([, chain]) => chain ?? ""))].sort();
        expect(ofServices(/-j (KUBE-\w+-\w{16})/g)).toEqual(ofServices(/^:(KUBE-\w+-\w{16})/gm));
      }),
    );
  });

  test("draw as a random source says", () => {
    const rules = parseIptables(renderIptables(goldenTable(), GOLDEN_OPTIONS));
    const packet = { protocol: "tcp", source: POD, destination: "10.96.0.51", port: 80 } as const;
    const counts = new Map<string, number>();
    let state = 1;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    for (let run = 0; run < 12_000; run += 1) {
      const host = { rules, localIps: LOCAL_IPS, flip: flipper(random) };
      const { outcome } = tracePacket(host, packet);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    const expected = {
      "10.244.1.11:8080": 0.5,
      "10.244.2.21:8080": 1 / 6,
      "10.244.3.32:8080": 1 / 3,
    };
    expect([...counts.keys()].sort()).toEqual(Object.keys(expected));
    for (const [endpoint, share] of Object.entries(expected)) {
      expect(Math.abs((counts.get(endpoint) ?? 0) / 12_000 - share)).toBeLessThan(0.02);
    }
  });
});

describe("a packet", () => {
  const rules = parseIptables(renderIptables(goldenTable(), GOLDEN_OPTIONS));
  const first = { rules, localIps: LOCAL_IPS, flip: () => true };
  const to = (destination: string, port: number) => (source: string) =>
    ({ protocol: "tcp", source, destination, port }) as const;

  test.each([
    ["a pod's to a cluster IP keeps its source", POD, "10.96.0.50", 80, false],
    ["an outsider's to a cluster IP is masqueraded", OUTSIDER, "10.96.0.50", 80, true],
    ["an endpoint's to itself is masqueraded", "10.244.1.10", "10.96.0.50", 80, true],
    ["an outsider's to a NodePort is masqueraded", OUTSIDER, "172.31.0.11", 30_080, true],
    ["with externalTrafficPolicy Local it is not", OUTSIDER, "172.31.0.11", 30_081, false],
    ["of this node to such a NodePort is", "172.31.0.11", "172.31.0.11", 30_081, true],
  ])("%s", (_, source, destination, port, masquerade) => {
    expect(tracePacket(first, to(destination, port)(source))).toMatchObject({
      outcome: expect.stringMatching(/^10\.244\./),
      masquerade,
    });
  });

  test.each([
    [OUTSIDER, "10.244.1.13:8080"],
    ["192.0.2.1", "drop"],
    [POD, "drop"],
    ["172.31.0.11", "10.244.1.13:8080"],
    ["203.0.113.10", "10.244.1.13:8080"],
  ])("from %s to a balancer with source ranges: %s", (source, outcome) => {
    expect(tracePacket(first, to("203.0.113.10", 80)(source)).outcome).toBe(outcome);
  });

  test("goes where the client's last one went, while the affinity lasts", () => {
    const packet = to("10.96.0.54", 80)(POD);
    const recent = new Map<string, Set<string>>();
    const never = { ...first, recent, flip: () => false };
    expect(tracePacket(never, packet).outcome).toBe("10.244.2.23:8080");
    expect(tracePacket({ ...first, recent }, packet).outcome).toBe("10.244.2.23:8080");
    expect(tracePacket({ ...first, recent: new Map() }, packet).outcome).toBe("10.244.1.12:8080");
  });

  test("to no Service passes", () => {
    expect(tracePacket(first, to("10.96.0.50", 81)(POD)).outcome).toBe("pass");
  });
});

test("a large cluster's endpoint rules have no comments", () => {
  const endpoints = Array.from(
    { length: 1_001 },
    (_, index) => `10.244.${index >> 8}.${index & 255}`,
  );
  const small = serviceFixture({ name: "small", spec: { clusterIP: "10.96.0.51" } });
  const slices = [
    sliceFixture({ endpoints }),
    sliceFixture({ service: "small", endpoints: ["10.244.9.1"] }),
  ];
  const services = [
    serviceFixture(),
    { ...small, spec: { ...small.spec, clusterIPs: ["10.96.0.51"] } },
  ];
  const table = buildTable(services, slices, NODE, "1");
  const text = renderIptables(table, GOLDEN_OPTIONS);
  expect(text).not.toContain(" -> ");
  expect(text).toContain('--comment "default/my-api:http cluster IP"');
  const excerpt = renderIptables(table, { ...GOLDEN_OPTIONS, service: "default/small" });
  expect(excerpt).toContain("--to-destination 10.244.9.1:8080");
  expect(excerpt).not.toContain(" -> ");
});

/** `-p tcp -d 10.96.0.50 --dport 80` of the chains that look at addresses. */
const ADDRESS_RULE =
  /^-A KUBE-(?:SERVICES|EXTERNAL-SERVICES|NODEPORTS) .*-p (\w+)(?: -d (\S+))? --dport (\d+)/gm;

type Shares = ReadonlyMap<string, number>;

function tracedShares(rules: Ruleset, frontend: Frontend, source: string): Shares {
  const { protocol, ip, port } = frontend;
  const packet = {
    protocol: protocol === "TCP" ? ("tcp" as const) : ("udp" as const),
    source,
    destination: ip,
    port,
  };
  return distributionOf((flip) => {
    const { outcome } = tracePacket({ rules, localIps: LOCAL_IPS, flip }, packet);
    return seen(outcome, frontend, source);
  });
}

function decidedShares(table: ServiceTable, frontend: Frontend, ip: string): Shares {
  const flow = {
    protocol: frontend.protocol,
    client: { ip, port: 40_000 },
    frontend: { ip: frontend.ip, port: frontend.port },
    fromCluster: ip !== OUTSIDER,
  };
  const decision = decide(table, flow, 0, NO_AFFINITY);
  if (decision.kind !== "forward") return new Map([[seen(decision.kind, frontend, ip), 1]]);
  const candidates = candidatesOf(decision.endpoints).filter(({ weight }) => weight > 0);
  return new Map(candidates.map(({ ip, port, probability }) => [`${ip}:${port}`, probability]));
}

/** OUTPUT does not look at external addresses: what the node itself sends there just goes out. */
function seen(outcome: string, { external }: Frontend, source: string): string {
  const refused = ["reject", "drop", "pass"].includes(outcome);
  return refused && external && source === NODE.addresses[0] ? "refused" : outcome;
}

function tableOf(models: readonly Model[]): ServiceTable {
  const services = models.map((given, index) => {
    const { type, externalTrafficPolicy } = given;
    const outside = type !== "ClusterIP";
    const spec: Partial<ServiceSpec> = {
      type,
      clusterIP: `10.96.0.${50 + index}`,
      clusterIPs: [`10.96.0.${50 + index}`],
      internalTrafficPolicy: given.internalTrafficPolicy,
      sessionAffinity: given.sessionAffinity,
      ...(outside && { externalTrafficPolicy, externalIPs: [`192.0.2.${index}`] }),
    };
    const port = { port: 80, protocol: given.protocol, ...(given.named && { name: "web" }) };
    return serviceFixture({
      name: `service-${index}`,
      ports: [{ ...port, ...(outside && { nodePort: 30_000 + index }) }],
      spec,
      ...(type === "LoadBalancer" && {
        status: { loadBalancer: { ingress: [{ ip: `203.0.113.${index}` }] } },
      }),
    });
  });
  const slices = models.map(({ endpoints, protocol, named }, index) => {
    const addresses = endpoints.map(({ node }, host) => `10.244.${node}.${host + 10 * index}`);
    return sliceFixture({
      service: `service-${index}`,
      ports: [{ name: named ? "web" : "", port: 8080, protocol }],
      endpoints: endpoints.map((endpoint, i) => toEndpoint(endpoint, addresses[i] ?? "")),
      weights: Object.fromEntries(endpoints.map(({ weight }, i) => [addresses[i] ?? "", weight])),
    });
  });
  return buildTable(services, slices, NODE, "1");
}

function toEndpoint(endpoint: EndpointModel, ip: string): Endpoint {
  const { node, ready, serving, terminating } = endpoint;
  const conditions = { ready, serving, terminating };
  return { addresses: [ip], nodeName: `node-${node}`, conditions };
}
