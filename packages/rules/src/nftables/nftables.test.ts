import type { EndpointSlice } from "@kubehop/api";
import { buildTable, type ServiceEndpoint } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ServiceView } from "../service-view.ts";
import { GOLDEN_OPTIONS, goldenTable } from "../testing/golden-table.ts";
import { renderNftables } from "./index.ts";
import { commentOf, endpointBase, serviceBase } from "./names.ts";
import { drawOf } from "./numgen.ts";

const view = { service: "default/web", protocol: "tcp", portName: "http" } as ServiceView;
const toIt = (endpoint: ServiceEndpoint): ServiceEndpoint => endpoint;
const endpoint = (ip: string): ServiceEndpoint => ({ ip, port: 8080 }) as ServiceEndpoint;

describe("names", () => {
  test("are those of kube-proxy", () => {
    expect(serviceBase(view)).toBe("SUSTUHLJ-default/web/tcp/http");
    expect(endpointBase(view, endpoint("10.244.1.5"))).toBe(
      "HGNPOIJ5-default/web/tcp/http__10.244.1.5/8080",
    );
  });

  test("have no colons, and at most 240 characters", () => {
    expect(endpointBase(view, endpoint("fd00::5"))).toMatch(/__fd00\.\.5\/8080$/);
    const long = { ...view, portName: "p".repeat(300) };
    expect(serviceBase(long)).toHaveLength(240);
    expect(serviceBase(long)).toMatch(/p\.\.\.$/);
  });
});

describe("comments", () => {
  test("have at most 128 characters, since nft takes no table with a longer one", () => {
    expect(commentOf({ ...view, name: "default/web:http" })).toBe("default/web:http");
    const name = `${"n".repeat(63)}/${"s".repeat(63)}:${"p".repeat(63)}`;
    expect(commentOf({ ...view, name })).toBe(`${name.slice(0, 125)}...`);
  });
});

describe("drawOf", () => {
  test("with equal weights it is upstream's draw: a number each", () => {
    const { modulus, shares } = drawOf([{ weight: 3 }, { weight: 3 }] as ServiceEndpoint[], toIt);
    expect(modulus).toBe(2);
    expect(shares.map(({ first, last }) => [first, last])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test("each endpoint has its share of the numbers, and every number an endpoint", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (list) => {
        const endpoints = list.map((weight) => ({ weight }) as ServiceEndpoint);
        const { modulus, shares } = drawOf(endpoints, toIt);
        const sum = list.reduce((total, weight) => total + weight, 0);
        let next = 0;
        for (const [index, { first, last, to }] of shares.entries()) {
          expect(to).toBe(endpoints[index]);
          expect(first).toBe(next);
          expect((last - first + 1) / modulus).toBeCloseTo((list[index] ?? 0) / sum, 12);
          next = last + 1;
        }
        expect(next).toBe(modulus);
      }),
    );
  });
});

describe("renderNftables", () => {
  test("adds each element once", () => {
    const elements = renderNftables(goldenTable()).match(/^add element .*$/gm) ?? [];
    expect(new Set(elements).size).toBe(elements.length);
  });

  test("names no chain, set or map that was not added before", () => {
    for (const service of [undefined, "default/shop", "default/empty", "default/sticky"]) {
      const text = renderNftables(goldenTable(), service === undefined ? {} : { service });
      expect(danglingNames(text)).toEqual([]);
    }
  });
});

test.each([
  ["Cluster", 1, 1, ["mark set mark or 0x4000", "goto SERVICE"]],
  ["Local", 1, 1, ["goto SERVICE", "mark set mark or 0x4000", "goto SERVICE", "goto LOCAL"]],
  ["Local", 1, 0, ["goto SERVICE", "mark set mark or 0x4000", "goto SERVICE", "goto LOCAL"]],
  ["Local", 0, 1, ["goto SERVICE", "mark set mark or 0x4000", "goto SERVICE"]],
] as const)(
  "external flows by policy %s, weights %d here and %d there",
  (policy, here, there, to) => {
    expect(externalRules(policy, { here, there })).toEqual(to);
  },
);

test("insiders go nowhere when only outsiders have an endpoint", () => {
  const lingering = { ready: false, serving: true, terminating: true };
  const endpoints = [
    { addresses: ["10.244.1.5"], nodeName: "node-1", conditions: lingering },
    { addresses: ["10.244.2.7"], nodeName: "node-2" },
  ];
  const slice = sliceFixture({ endpoints, weights: { "10.244.2.7": 0 } });
  expect(externalOf(slice, "Local")).toEqual([
    "return",
    "mark set mark or 0x4000",
    "return",
    "goto LOCAL",
  ]);
});

function externalRules(
  policy: "Cluster" | "Local",
  { here, there }: { here: number; there: number },
): string[] {
  const endpoints = [
    { addresses: ["10.244.1.5"], nodeName: "node-1" },
    { addresses: ["10.244.2.7"], nodeName: "node-2" },
  ];
  const weights = { "10.244.1.5": here, "10.244.2.7": there };
  return externalOf(sliceFixture({ endpoints, weights }), policy);
}

/** What the rules of the external chain do, without their matches and comments. */
function externalOf(slice: EndpointSlice, externalTrafficPolicy: "Cluster" | "Local"): string[] {
  const ports = [{ name: "http", port: 80, nodePort: 30_080 }];
  const service = serviceFixture({ ports, spec: { type: "NodePort", externalTrafficPolicy } });
  const node = { name: "node-1", addresses: ["172.31.0.11"] };
  const text = renderNftables(buildTable([service], [slice], node, "1"), GOLDEN_OPTIONS);
  return [...text.matchAll(/^add rule ip kube-proxy external-\S+ (.*)$/gm)].map(([, rule = ""]) =>
    (/(mark set mark or 0x4000|goto \w+|return)/.exec(rule)?.[0] ?? rule)
      .replace("goto service", "goto SERVICE")
      .replace("goto local", "goto LOCAL"),
  );
}

function danglingNames(text: string): string[] {
  const added = new Set<string>();
  const dangling: string[] = [];
  for (const line of text.split("\n")) {
    const name = /^add (?:chain|set|map) ip kube-proxy (\S+)/.exec(line)?.[1];
    if (name !== undefined) added.add(name);
    const named = [...line.matchAll(/(?:@|(?:goto|jump) )([^\s,}]+)/g)].map(([, of]) => of ?? "");
    if (!line.includes('comment "helper')) dangling.push(...named.filter((of) => !added.has(of)));
  }
  return dangling;
}
