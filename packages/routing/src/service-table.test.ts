import { HEADLESS_LABEL, SERVICE_PROXY_NAME_LABEL } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTable, createTableBuilder, type ProxyNode } from "./service-table.ts";
import { sameTable } from "./table-diff.ts";
import { serviceFixture, sliceFixture } from "./testing/fixtures.ts";

const NODE: ProxyNode = { name: "node-1", addresses: ["172.31.0.11", "fd00:31::11"] };

describe("buildTable", () => {
  it("offers a cluster IP with the endpoints of every slice, ordered, with their weights", () => {
    const table = buildTable(
      [serviceFixture()],
      [
        sliceFixture({ name: "b", endpoints: ["10.244.2.7"], weights: { "10.244.2.7": 3 } }),
        sliceFixture({ name: "a", endpoints: ["10.244.1.5"] }),
        sliceFixture({ name: "c", namespace: "other-ns", endpoints: ["10.244.3.1"] }),
      ],
      NODE,
      "42",
    );
    expect(table.resourceVersion).toBe("42");
    expect([...table.frontends.keys()]).toEqual(["TCP/10.96.0.50:80"]);
    expect(table.frontends.get("TCP/10.96.0.50:80")).toMatchObject({
      kind: "ClusterIP",
      policy: "Cluster",
      external: false,
      service: {
        key: "TCP/IPv4/default/my-api:http",
        name: "default/my-api:http",
        cluster: {
          endpoints: [
            { key: "10.244.1.5:8080", weight: 1 },
            { key: "10.244.2.7:8080", weight: 3 },
          ],
          total: 4,
        },
      },
    });
  });

  it.each([
    ["a headless Service", { spec: { clusterIP: "None" } }],
    ["an ExternalName Service", { spec: { type: "ExternalName" as const, clusterIP: "" } }],
    ["a Service without address yet", { spec: { clusterIP: "" } }],
    ["a Service of another proxy", { labels: { [SERVICE_PROXY_NAME_LABEL]: "cilium" } }],
  ])("leaves out %s", (_, fixture) => {
    const table = buildTable([serviceFixture(fixture)], [], NODE, "1");
    expect(table.frontends.size).toBe(0);
  });

  it("leaves out headless slices, FQDN slices, SCTP ports and ports without a number", () => {
    const table = buildTable(
      [
        serviceFixture({
          ports: [
            { name: "http", port: 80 },
            { name: "sctp", protocol: "SCTP", port: 81 },
          ],
        }),
      ],
      [
        sliceFixture({ endpoints: ["10.244.1.1"], labels: { [HEADLESS_LABEL]: "" } }),
        sliceFixture({ endpoints: ["example.com"], addressType: "FQDN" }),
        sliceFixture({ endpoints: ["10.244.1.2"], ports: [{ name: "http", protocol: "TCP" }] }),
        sliceFixture({ endpoints: ["10.244.1.3"], ports: [{ name: "http", port: 70_000 }] }),
        sliceFixture({ endpoints: [{ addresses: [] }] }),
      ],
      NODE,
      "1",
    );
    expect([...table.frontends.keys()]).toEqual(["TCP/10.96.0.50:80"]);
    expect(table.frontends.get("TCP/10.96.0.50:80")?.service.cluster.endpoints).toEqual([]);
  });

  it("matches ports by name and protocol", () => {
    const table = buildTable(
      [
        serviceFixture({
          ports: [
            { name: "dns", protocol: "UDP", port: 53 },
            { name: "dns-tcp", protocol: "TCP", port: 53 },
          ],
        }),
      ],
      [
        sliceFixture({
          endpoints: ["10.244.1.2"],
          ports: [
            { name: "dns", protocol: "UDP", port: 5353 },
            { name: "dns-tcp", protocol: "TCP", port: 5354 },
          ],
        }),
      ],
      NODE,
      "1",
    );
    const keys = [...table.frontends].map(([key, { service }]) => [
      key,
      ...service.cluster.byKey.keys(),
    ]);
    expect(keys).toEqual([
      ["UDP/10.96.0.50:53", "10.244.1.2:5353"],
      ["TCP/10.96.0.50:53", "10.244.1.2:5354"],
    ]);
  });

  it("offers NodePorts on the node's addresses, per family, and external addresses", () => {
    const table = buildTable(
      [
        serviceFixture({
          ports: [{ port: 80, nodePort: 30_080 }],
          spec: {
            type: "LoadBalancer",
            clusterIP: "10.96.0.50",
            clusterIPs: ["10.96.0.50", "fd00:96::50"],
            externalIPs: ["192.0.2.7"],
            externalTrafficPolicy: "Local",
          },
          status: {
            loadBalancer: {
              ingress: [
                { ip: "203.0.113.9", ipMode: "VIP" },
                { ip: "203.0.113.10", ipMode: "Proxy" },
                { hostname: "balancer.example" },
              ],
            },
          },
        }),
      ],
      [sliceFixture({ endpoints: ["fd00:244::5"], addressType: "IPv6", ports: [{ port: 8080 }] })],
      NODE,
      "1",
    );
    const frontends = [...table.frontends.values()];
    expect(frontends.map(({ key, kind, policy }) => [key, kind, policy])).toEqual([
      ["TCP/10.96.0.50:80", "ClusterIP", "Cluster"],
      ["TCP/172.31.0.11:30080", "NodePort", "Local"],
      ["TCP/192.0.2.7:80", "ExternalIP", "Local"],
      ["TCP/203.0.113.9:80", "LoadBalancerIP", "Local"],
      ["TCP/[fd00:96::50]:80", "ClusterIP", "Cluster"],
      ["TCP/[fd00:31::11]:30080", "NodePort", "Local"],
    ]);
    expect(frontends.map(({ service }) => service.cluster.total)).toEqual([0, 0, 0, 0, 1, 1]);
    expect(frontends[0]?.service.name).toBe("default/my-api:80");
  });

  it("gives an address that two Services claim to the first by name", () => {
    const services = ["second", "first"].map((name) => serviceFixture({ name }));
    const table = buildTable(services, [], NODE, "1");
    expect(table.frontends.get("TCP/10.96.0.50:80")?.service.name).toBe("default/first:http");
  });

  it("takes the entry that does not terminate when an address stands in two slices", () => {
    const terminating = {
      addresses: ["10.244.1.5"],
      conditions: { ready: false, serving: true, terminating: true },
    };
    const table = buildTable(
      [serviceFixture()],
      [
        sliceFixture({ name: "a", endpoints: [terminating] }),
        sliceFixture({ name: "b", endpoints: ["10.244.1.5"] }),
      ],
      NODE,
      "1",
    );
    const { cluster } = table.frontends.get("TCP/10.96.0.50:80")?.service ?? {};
    expect(cluster?.endpoints).toMatchObject([{ key: "10.244.1.5:8080", terminating: false }]);
  });

  it.each([
    [undefined, undefined],
    ["None" as const, undefined],
    ["ClientIP" as const, 10_800_000],
  ])("sessionAffinity %s means a time-out of %s ms", (sessionAffinity, expected) => {
    const spec = sessionAffinity === undefined ? {} : { sessionAffinity };
    const table = buildTable([serviceFixture({ spec })], [], NODE, "1");
    expect(table.frontends.get("TCP/10.96.0.50:80")?.service.affinityTimeoutMs).toBe(expected);
  });

  it("carries the port's name, the source ranges and the health check's port", () => {
    const spec = { loadBalancerSourceRanges: [" 203.0.113.0/25"], healthCheckNodePort: 30_100 };
    const table = buildTable([serviceFixture({ spec })], [], NODE, "1");
    expect(table.frontends.get("TCP/10.96.0.50:80")?.service).toMatchObject({
      portName: "http",
      sourceRanges: ["203.0.113.0/25"],
      healthCheckNodePort: 30_100,
    });
  });

  it("treats unset conditions as ready and serving", () => {
    const slice = sliceFixture({ endpoints: [{ addresses: ["10.244.1.5"] }] });
    const table = buildTable([serviceFixture()], [slice], NODE, "1");
    const service = table.frontends.get("TCP/10.96.0.50:80")?.service;
    expect(service?.cluster.total).toBe(1);
    expect([...(service?.serving ?? [])]).toEqual(["10.244.1.5:8080"]);
  });
});

describe("createTableBuilder", () => {
  it("builds again only what changed", () => {
    const builder = createTableBuilder(NODE);
    const [one, two] = [
      serviceFixture({ name: "one", spec: { clusterIP: "10.96.0.1" } }),
      serviceFixture({ name: "two", spec: { clusterIP: "10.96.0.2" } }),
    ];
    builder.set("default/one", one, [sliceFixture({ service: "one", endpoints: ["10.244.1.1"] })]);
    builder.set("default/two", two, []);
    const before = builder.table("1");
    builder.set("default/two", two, [sliceFixture({ service: "two", endpoints: ["10.244.1.2"] })]);
    const after = builder.table("2");
    const at = (table: typeof before, ip: string) => table.frontends.get(`TCP/${ip}:80`);
    expect(at(after, "10.96.0.1")).toBe(at(before, "10.96.0.1"));
    expect(at(after, "10.96.0.2")).not.toBe(at(before, "10.96.0.2"));
    expect(at(after, "10.96.0.2")?.service.cluster.total).toBe(1);
    expect(at(before, "10.96.0.2")?.service.cluster.total).toBe(0);
  });

  it("ends at the table of the last state, whatever came before, also with contested addresses", () => {
    const state = fc.dictionary(
      fc.constantFrom("a", "b", "c"),
      fc.record({ ip: fc.integer({ min: 1, max: 2 }), endpoints: fc.integer({ max: 3, min: 0 }) }),
    );
    fc.assert(
      fc.property(fc.array(state, { minLength: 1 }), (states) => {
        const builder = createTableBuilder(NODE);
        for (const state of states) {
          const objects = Object.entries(state).map(([name, { ip, endpoints }]) => ({
            service: serviceFixture({ name, spec: { clusterIP: `10.96.0.${ip}` } }),
            slice: sliceFixture({
              service: name,
              endpoints: Array.from({ length: endpoints }, (_, n) => `10.244.0.${n + 1}`),
            }),
          }));
          for (const name of ["a", "b", "c"]) {
            const own = objects.find(({ service }) => service.metadata.name === name);
            builder.set(`default/${name}`, own?.service, own === undefined ? [] : [own.slice]);
          }
          const expected = buildTable(
            objects.map(({ service }) => service),
            objects.map(({ slice }) => slice),
            NODE,
            "1",
          );
          const table = builder.table("1");
          expect(sameTable(table, expected)).toBe(true);
          expect(table.frontends.size).toBe(expected.frontends.size);
        }
      }),
    );
  });
});
