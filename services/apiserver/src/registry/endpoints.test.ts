import { Kinds } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { endpointSliceStrategy } from "./endpoint-slice.ts";
import { endpointsStrategy } from "./endpoints.ts";

const metadata = { name: "web-x" };
const slice = (fields: object) =>
  created(Kinds.EndpointSlice, endpointSliceStrategy, {
    metadata,
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.1.5"] }],
    ...fields,
  });

describe("EndpointSlice", () => {
  test("defaults of ports", () => {
    const { object, causes } = slice({ ports: [{ port: 80 }, { name: "b" }] });
    expect(causes).toEqual([]);
    expect(object.ports).toEqual([
      { name: "", protocol: "TCP", port: 80 },
      { name: "b", protocol: "TCP" },
    ]);
    expect(slice({ endpoints: null }).object.endpoints).toEqual([]);
  });

  const many = (count: number, of: (index: number) => object): object[] =>
    Array.from({ length: count }, (_, index) => of(index));

  test.each<[string, object, string]>([
    ["no type", { addressType: null }, "addressType: Required value"],
    [
      "type",
      { addressType: "IPX", endpoints: [] },
      'addressType: Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"',
    ],
    [
      "no address",
      { endpoints: [{}] },
      "endpoints[0].addresses: Required value: must contain at least 1 address",
    ],
    [
      "other family",
      { endpoints: [{ addresses: ["fd00::1"] }] },
      'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be an IPv4 address',
    ],
    [
      "loopback",
      { endpoints: [{ addresses: ["127.0.0.1"] }] },
      "may not be in the loopback range (127.0.0.0/8, ::1/128)",
    ],
    [
      "FQDN",
      { addressType: "FQDN", endpoints: [{ addresses: ["a_b"] }] },
      'endpoints[0].addresses[0]: Invalid value: "a_b"',
    ],
    [
      "hostname",
      { endpoints: [{ addresses: ["10.0.0.1"], hostname: "A" }] },
      'endpoints[0].hostname: Invalid value: "A"',
    ],
    [
      "node",
      { endpoints: [{ addresses: ["10.0.0.1"], nodeName: "A" }] },
      'endpoints[0].nodeName: Invalid value: "A"',
    ],
    [
      "too many addresses",
      { endpoints: [{ addresses: many(101, () => "10.0.0.1" as never) }] },
      "endpoints[0].addresses: Too many: 101: must have at most 100 items",
    ],
    [
      "too many endpoints",
      { endpoints: many(1001, () => ({ addresses: ["10.0.0.1"] })) },
      "endpoints: Too many: 1001: must have at most 1000 items",
    ],
    [
      "too many hints",
      {
        endpoints: [
          {
            addresses: ["10.0.0.1"],
            hints: { forZones: many(9, (index) => ({ name: `z${index}` })) },
          },
        ],
      },
      "endpoints[0].hints.forZones: Too many: 9: must have at most 8 items",
    ],
    [
      "equal hints",
      {
        endpoints: [
          { addresses: ["10.0.0.1"], hints: { forNodes: [{ name: "a" }, { name: "a" }] } },
        ],
      },
      'endpoints[0].hints.forNodes[1].name: Duplicate value: "a"',
    ],
    [
      "port",
      { ports: [{ port: 0 }] },
      "ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
    ["port name", { ports: [{ name: "A", port: 1 }] }, 'ports[0].name: Invalid value: "A"'],
    [
      "equal port names",
      { ports: [{ port: 1 }, { port: 2 }] },
      'ports[1].name: Duplicate value: ""',
    ],
    [
      "protocol",
      { ports: [{ port: 1, protocol: "X" }] },
      'ports[0].protocol: Unsupported value: "X"',
    ],
  ])("%s", (_name, fields, text) => {
    const { causes } = slice(fields);
    expect(causes.length).toBeGreaterThan(0);
    expect(causes[0]).toContain(text);
  });

  test("its address type never changes", () => {
    const old = slice({}).object;
    const manifest = { ...old, addressType: "IPv6", endpoints: [] };
    const { causes } = updated(Kinds.EndpointSlice, endpointSliceStrategy, { old, manifest });
    expect(causes).toEqual(['addressType: Invalid value: "IPv6": field is immutable']);
  });
});

describe("Endpoints", () => {
  const endpoints = (...subsets: object[]) =>
    created(Kinds.Endpoints, endpointsStrategy, { metadata, subsets });

  test("defaults and a warning", () => {
    const { object, causes } = endpoints({
      addresses: [{ ip: "10.0.0.1" }],
      ports: [{ port: 80 }],
    });
    expect(causes).toEqual([]);
    expect(object.subsets?.[0]?.ports).toEqual([{ port: 80, protocol: "TCP" }]);
    expect(endpointsStrategy.warnings(object)).toEqual([
      "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ]);
    expect(endpoints().causes).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      "empty subset",
      {},
      "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
    ],
    [
      "address",
      { addresses: [{}] },
      'subsets[0].addresses[0].ip: Invalid value: "": must be a valid IP address',
    ],
    [
      "loopback",
      { notReadyAddresses: [{ ip: "127.0.0.1" }] },
      "subsets[0].notReadyAddresses[0].ip: Invalid value",
    ],
    [
      "hostname",
      { addresses: [{ ip: "10.0.0.1", hostname: "A" }] },
      'subsets[0].addresses[0].hostname: Invalid value: "A"',
    ],
    [
      "unnamed port",
      { addresses: [{ ip: "10.0.0.1" }], ports: [{ name: "a", port: 1 }, { port: 2 }] },
      "subsets[0].ports[1].name: Required value",
    ],
    [
      "port",
      { addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 0 }] },
      "subsets[0].ports[0].port: Invalid value: 0",
    ],
  ])("%s", (_name, subset, text) => {
    const { causes } = endpoints(subset);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });
});
