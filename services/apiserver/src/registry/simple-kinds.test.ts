import { Kinds, type Namespace, type Node } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { controllerRevisionStrategy } from "./controller-revision.ts";
import { configMapStrategy } from "./config-map.ts";
import { eventStrategy } from "./event.ts";
import { ipAddressStrategy, serviceCidrStrategy } from "./ip-address.ts";
import { leaseStrategy } from "./lease.ts";
import { namespaceStrategy } from "./namespace.ts";
import { nodeStrategy } from "./node.ts";
import { secretStrategy } from "./secret.ts";

const metadata = { name: "x" };

describe("Namespace", () => {
  const create = (manifest: object) => created(Kinds.Namespace, namespaceStrategy, manifest);

  test("gets its label, finalizer and phase", () => {
    const { object, causes } = create({ metadata: { name: "shop", labels: { a: "b" } } });
    expect(causes).toEqual([]);
    expect(object).toMatchObject({
      metadata: { labels: { a: "b", "kubernetes.io/metadata.name": "shop" } },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
  });

  test("its name is a label, not a subdomain", () => {
    expect(create({ metadata: { name: "a.b" } }).causes[0]).toContain("a lowercase RFC 1123 label");
  });

  test("an update changes neither finalizers nor phase, and the label comes back", () => {
    const old: Namespace = create({ metadata }).object;
    const manifest = { metadata, spec: { finalizers: [] }, status: { phase: "Terminating" } };
    const { object, causes } = updated(Kinds.Namespace, namespaceStrategy, { old, manifest });
    expect(causes).toEqual([]);
    expect(object).toEqual(old);
  });
});

describe("Node", () => {
  const create = (spec: object, status?: object) =>
    created(Kinds.Node, nodeStrategy, { metadata, spec, ...(status && { status }) });

  test("a kubelet registers it with a status", () => {
    const { object, causes } = create(
      {},
      { addresses: [{ type: "InternalIP", address: "172.31.0.11" }] },
    );
    expect(causes).toEqual([]);
    expect(object.status?.addresses).toHaveLength(1);
  });

  test("podCIDR and podCIDRs follow each other", () => {
    expect(create({ podCIDR: "10.244.1.0/24" }).object.spec.podCIDRs).toEqual(["10.244.1.0/24"]);
    expect(create({ podCIDRs: ["10.244.1.0/24", "fd00::/64"] }).object.spec.podCIDR).toBe(
      "10.244.1.0/24",
    );
  });

  test.each<[string, object, string]>([
    ["CIDR", { podCIDR: "x" }, 'spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value'],
    [
      "first CIDR",
      { podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.1.0/24"] },
      "must contain podCIDR at index 0",
    ],
    [
      "families",
      { podCIDRs: ["10.0.0.0/24", "10.0.1.0/24"] },
      "may specify no more than one CIDR for each IP family",
    ],
    ["taint key", { taints: [{ effect: "NoSchedule" }] }, "spec.taints[0].key: Required value"],
    [
      "taint effect",
      { taints: [{ key: "a", effect: "Never" }] },
      'spec.taints[0].effect: Unsupported value: "Never"',
    ],
    [
      "equal taints",
      {
        taints: [
          { key: "a", effect: "NoSchedule" },
          { key: "a", value: "b", effect: "NoSchedule" },
        ],
      },
      "spec.taints[1]: Duplicate value",
    ],
  ])("%s", (_name, spec, text) => {
    const { causes } = create(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("its pod range is set once", () => {
    const bare: Node = create({}).object;
    const manifest = { metadata, spec: { podCIDR: "10.244.1.0/24" } };
    const { object, causes } = updated(Kinds.Node, nodeStrategy, { old: bare, manifest });
    expect(causes).toEqual([]);
    const other = { metadata, spec: { podCIDR: "10.244.2.0/24" } };
    expect(updated(Kinds.Node, nodeStrategy, { old: object, manifest: other }).causes).toEqual([
      'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    ]);
  });
});

describe("ConfigMap", () => {
  const create = (fields: object) =>
    created(Kinds.ConfigMap, configMapStrategy, { metadata, ...fields });

  test.each<[string, object, string]>([
    [
      "key",
      { data: { "a/b": "" } },
      'data[a/b]: Invalid value: "a/b": a valid config key must consist of',
    ],
    [
      "key in both",
      { data: { a: "" }, binaryData: { a: "" } },
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ],
    [
      "binary",
      { binaryData: { a: "x" } },
      'binaryData[a]: Invalid value: "a": must be base64 encoded',
    ],
    [
      "size",
      { data: { a: "x".repeat(1_048_577) } },
      ": Too long: may not be more than 1048576 bytes",
    ],
  ])("%s", (_name, fields, text) => {
    const { causes } = create(fields);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("1 MiB is good", () => {
    expect(create({ data: { a: "x".repeat(1_048_576) } }).causes).toEqual([]);
    const binary = Buffer.alloc(1_048_576).toString("base64");
    expect(create({ binaryData: { a: binary } }).causes).toEqual([]);
  });

  test("immutable is for good", () => {
    const old = create({ immutable: true, data: { a: "1" } }).object;
    const causesOf = (fields: object): readonly string[] => {
      const manifest = { metadata, ...fields };
      return updated(Kinds.ConfigMap, configMapStrategy, { old, manifest }).causes;
    };
    expect(causesOf({ immutable: true, data: { a: "1" } })).toEqual([]);
    expect(causesOf({ data: { a: "2" } })).toEqual([
      "immutable: Forbidden: field is immutable when `immutable` is set",
      "data: Forbidden: field is immutable when `immutable` is set",
    ]);
  });
});

describe("Secret", () => {
  const create = (fields: object) => created(Kinds.Secret, secretStrategy, { metadata, ...fields });

  test("stringData becomes data and wins over it", () => {
    const { object, causes } = create({
      data: { a: "eA==", b: "eQ==" },
      stringData: { a: "pässword" },
    });
    expect(causes).toEqual([]);
    expect(object).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "Opaque",
      data: { a: Buffer.from("pässword").toString("base64"), b: "eQ==" },
    });
  });

  test.each<[string, object, string]>([
    ["data", { data: { a: "no base64!" } }, "data[a]: Invalid value"],
    ["key", { stringData: { "..": "" } }, "data[..]: Invalid value"],
    [
      "TLS",
      { type: "kubernetes.io/tls", data: { "tls.crt": "" } },
      "data[tls.key]: Required value",
    ],
    [
      "token",
      { type: "kubernetes.io/service-account-token" },
      "metadata.annotations[kubernetes.io/service-account.name]: Required value",
    ],
  ])("%s", (_name, fields, text) => {
    const { causes } = create(fields);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("its type never changes", () => {
    const old = create({}).object;
    const manifest = { metadata, type: "example.com/x" };
    expect(updated(Kinds.Secret, secretStrategy, { old, manifest }).causes).toEqual([
      'type: Invalid value: "example.com/x": field is immutable',
    ]);
  });
});

test.each<[object | undefined, string[]]>([
  [undefined, []],
  [{ holderIdentity: "a", leaseDurationSeconds: 40, leaseTransitions: 0 }, []],
  [
    { leaseDurationSeconds: 0 },
    ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"],
  ],
  [
    { leaseTransitions: -1 },
    ["spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"],
  ],
])("Lease %j", (spec, expected) => {
  expect(created(Kinds.Lease, leaseStrategy, { metadata, ...(spec && { spec }) }).causes).toEqual(
    expected,
  );
});

test.each<[string, object, boolean]>([
  ["shop", { namespace: "shop" }, true],
  ["default", {}, true],
  ["shop", { namespace: "other" }, false],
  ["shop", {}, false],
])("Event in %s about %j", (namespace, involvedObject, good) => {
  const manifest = { metadata: { name: "e", namespace }, involvedObject };
  const { causes } = created(Kinds.Event, eventStrategy, manifest);
  expect(causes.some((cause) => cause.includes("does not match event.namespace"))).toBe(!good);
});

describe("IPAddress", () => {
  const parentRef = { group: "", resource: "services", namespace: "a", name: "web" };
  const create = (name: string, spec: object = { parentRef }) =>
    created(Kinds.IPAddress, ipAddressStrategy, { metadata: { name }, spec });

  test.each(["10.96.0.1", "fd00::1"])("%s is good", (name) =>
    expect(create(name).causes).toEqual([]),
  );

  test.each([
    ["x", "must be a valid IP address"],
    ["fd00:0::1", "must be a valid IP address in canonical form: fd00::1"],
  ])("name %s", (name, text) => expect(create(name).causes[0]).toContain(text));

  test("needs a parent that never changes", () => {
    expect(create("10.96.0.1", {}).causes).toEqual(["spec.parentRef: Required value"]);
    expect(create("10.96.0.1", { parentRef: { name: "a" } }).causes).toEqual([
      "spec.parentRef.resource: Required value",
    ]);
    const old = create("10.96.0.1").object;
    const manifest = {
      metadata: { name: "10.96.0.1" },
      spec: { parentRef: { ...parentRef, name: "api" } },
    };
    const { causes } = updated(Kinds.IPAddress, ipAddressStrategy, { old, manifest });
    expect(causes[0]).toMatch(/^spec\.parentRef: Invalid value: .*: field is immutable$/);
  });
});

describe("ServiceCIDR", () => {
  const create = (...cidrs: string[]) =>
    created(Kinds.ServiceCIDR, serviceCidrStrategy, { metadata, spec: { cidrs } });

  test.each<[string[], string | undefined]>([
    [["10.96.0.0/16"], undefined],
    [["10.96.0.0/16", "fd00::/112"], undefined],
    [[], "spec.cidrs: Required value: at least one CIDR required"],
    [["x"], 'spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value'],
    [["10.96.1.0/16"], "must be a valid CIDR value in canonical form"],
    [["10.96.0.0/16", "10.97.0.0/16"], "must have one CIDR of each IP family"],
    [["10.96.0.0/16", "fd00::/112", "fd01::/112"], "may only hold up to 2 values"],
  ])("%j", (cidrs, text) => {
    const { causes } = create(...cidrs);
    if (text === undefined) expect(causes).toEqual([]);
    else expect(causes[0]).toContain(text);
  });

  test("may only gain its second range", () => {
    const old = create("10.96.0.0/16").object;
    const causesOf = (...cidrs: string[]): readonly string[] => {
      const manifest = { metadata, spec: { cidrs } };
      return updated(Kinds.ServiceCIDR, serviceCidrStrategy, { old, manifest }).causes;
    };
    expect(causesOf("10.96.0.0/16", "fd00::/112")).toEqual([]);
    expect(causesOf("10.97.0.0/16")).toEqual([
      'spec.cidrs: Invalid value: []string{"10.97.0.0/16"}: field is immutable',
    ]);
  });
});

test("ControllerRevision: only its number may change", () => {
  const create = (fields: object) =>
    created(Kinds.ControllerRevision, controllerRevisionStrategy, { metadata, ...fields });
  const { object: old, causes } = create({ revision: 1, data: { a: 1 } });
  expect(causes).toEqual([]);
  expect(create({ revision: -1 }).causes).toEqual([
    "revision: Invalid value: -1: must be greater than or equal to 0",
  ]);
  const causesOf = (fields: object): readonly string[] => {
    const manifest = { metadata, ...fields };
    return updated(Kinds.ControllerRevision, controllerRevisionStrategy, { old, manifest }).causes;
  };
  expect(causesOf({ revision: 2, data: { a: 1 } })).toEqual([]);
  expect(causesOf({ revision: 2, data: { a: 2 } })).toEqual([
    'data: Invalid value: {"a":2}: field is immutable',
  ]);
});
